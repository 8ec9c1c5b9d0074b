import * as Flags from '@oclif/core/flags';
import { parseReference } from '@wherry/core/reference';
import { ContainerCommand } from '../container-command.ts';
import { checkDigestFile, writeDigestFile } from '../flags/digest-file.ts';
import { interruptible } from '../interrupt.ts';
import { type ProgressReporter, pullProgress } from '../progress/reporter.ts';
import { print, STDOUT } from '../terminal/output.ts';

export default class Pull extends ContainerCommand {
  static override id = 'pull';
  static override summary = 'Download an image from a registry';
  static override usage = '[OPTIONS] NAME[:TAG|@DIGEST]';
  static override examples = [
    'wherry pull debian:bookworm',
    'wherry pull --digest-file digest registry.lan:5000/team/app',
  ];
  static override arity = { min: 1, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    'all-tags': Flags.boolean({ char: 'a', summary: 'Download all tagged images in the repository' }),
    authfile: Flags.string({ helpValue: 'string', summary: 'File of credentials for registries' }),
    'digest-file': Flags.string({
      aliases: ['digestfile'],
      helpValue: 'string',
      summary: "File to write the image's digest to",
    }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Platform of the image to take: os[/arch[/variant]]',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Print the digest alone' }),
    'storage-driver': Flags.string({
      helpValue: 'string',
      summary: 'Storage driver to unpack the layers with',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Pull.flags);
    const { authfile, 'digest-file': digestFile, 'storage-driver': storageDriver } = flags;
    const platform = flags.platform ?? (process.env.DOCKER_DEFAULT_PLATFORM || undefined);
    checkDigestFile(this.context.called, digestFile, flags['all-tags']);
    const parsed = parseReference(args[0] ?? '');
    if (!flags['all-tags'] && !flags.quiet && parsed.tag === undefined && parsed.digest === undefined) {
      print('Using default tag: latest');
    }
    const progress = flags.quiet ? digestsAlone : pullProgress(STDOUT);
    const { images } = await this.engine();
    const { digest, reference } = await interruptible((signal) =>
      images.pull({
        reference: args[0] ?? '',
        allTags: flags['all-tags'],
        insecureRegistries: this.options.insecureRegistries,
        onEvent: progress.onEvent,
        signal,
        ...(authfile === undefined ? {} : { authFile: authfile }),
        ...(platform === undefined ? {} : { platform }),
        ...(storageDriver === undefined ? {} : { storageDriver }),
      }),
    ).finally(progress.end);
    writeDigestFile(digestFile, digest);
    if (!flags.quiet) print(reference);
  }
}

/** One line an image: with --all-tags there are several. */
const digestsAlone: ProgressReporter = {
  onEvent: (event) => {
    if (event.kind === 'pulled') print(event.digest);
  },
  end: () => {},
};
