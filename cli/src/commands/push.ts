import * as Flags from '@oclif/core/flags';
import { formatReference, fullName, parseReference, withDefaultTag } from '@wherry/core/reference';
import { ContainerCommand } from '../container-command.ts';
import { interruptible } from '../interrupt.ts';
import { pushProgress } from '../progress/push.ts';
import { print, STDOUT } from '../terminal/output.ts';

export default class Push extends ContainerCommand {
  static override id = 'push';
  static override summary = 'Upload an image to a registry';
  static override usage = '[OPTIONS] NAME[:TAG]';
  static override arity = { min: 1, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    'all-tags': Flags.boolean({ char: 'a', summary: 'Push all tags of an image to the repository' }),
    quiet: Flags.boolean({ char: 'q', summary: 'Suppress verbose output' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Push.flags);
    const [reference = ''] = args;
    const allTags = flags['all-tags'];
    const parsed = parseReference(reference);
    const progress = flags.quiet ? undefined : pushProgress(STDOUT);
    if (!allTags && !flags.quiet && parsed.tag === undefined && parsed.digest === undefined) {
      print('Using default tag: latest');
    }
    const { images } = await this.engine();
    await interruptible((signal) =>
      images.push({
        reference,
        allTags,
        insecureRegistries: this.insecureRegistries(),
        signal,
        ...(progress === undefined ? {} : { onEvent: progress.onEvent }),
      }),
    ).finally(() => progress?.end());
    if (flags.quiet) print(allTags ? fullName(parsed) : formatReference(withDefaultTag(parsed)));
  }
}
