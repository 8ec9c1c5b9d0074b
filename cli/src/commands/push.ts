import * as Flags from '@oclif/core/flags';
import { parseReference } from '@wherry/core/reference';
import { ContainerCommand } from '../container-command.ts';
import { checkDigestFile, writeDigestFile } from '../flags/digest-file.ts';
import { usageError } from '../flags/usage-error.ts';
import { interruptible } from '../interrupt.ts';
import { type PushReporter, pushProgress } from '../progress/push.ts';
import { print, STDOUT } from '../terminal/output.ts';

export default class Push extends ContainerCommand {
  static override id = 'push';
  static override summary = 'Upload an image to a registry';
  static override usage = '[OPTIONS] NAME[:TAG]';
  static override examples = [
    'wherry push registry.lan:5000/team/app:1.2',
    'wherry push --all-tags registry.lan:5000/team/app',
  ];
  static override arity = { min: 1, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    'all-tags': Flags.boolean({ char: 'a', summary: 'Push all tags of an image to the repository' }),
    authfile: Flags.string({ helpValue: 'string', summary: 'File of credentials for registries' }),
    'digest-file': Flags.string({
      aliases: ['digestfile'],
      helpValue: 'string',
      summary: "File to write the image's digest to",
    }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Push only the given platform variant, as os[/arch[/variant]]',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Print the digest alone' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Push.flags);
    const [reference = ''] = args;
    const { authfile, 'all-tags': allTags, 'digest-file': digestFile } = flags;
    if (allTags && flags.platform !== undefined)
      throw usageError(this.context.called, "--platform doesn't go with --all-tags");
    checkDigestFile(this.context.called, digestFile, allTags);
    const parsed = parseReference(reference);
    const progress = flags.quiet ? digestsAlone : pushProgress(STDOUT);
    if (!allTags && !flags.quiet && parsed.tag === undefined && parsed.digest === undefined) {
      print('Using default tag: latest');
    }
    const { images } = await this.engine();
    if (flags.platform !== undefined && !allTags) await images.requirePlatform(reference, flags.platform);
    const { digest } = await interruptible((signal) =>
      images.push({
        reference,
        allTags,
        insecureRegistries: this.options.insecureRegistries,
        signal,
        ...(authfile === undefined ? {} : { authFile: authfile }),
        onEvent: progress.onEvent,
      }),
    ).finally(progress.end);
    writeDigestFile(digestFile, digest);
  }
}

/** One line an image: with --all-tags there are several. */
const digestsAlone: PushReporter = {
  onEvent: (event) => {
    if (event.kind === 'pushed') print(event.digest);
  },
  end: () => {},
};
