import * as Flags from '@oclif/core/flags';
import { formatReference, fullName, parseReference, withDefaultTag } from '@wherry/core/reference';
import { ContainerCommand } from '../container-command.ts';
import { interruptible } from '../interrupt.ts';
import { pullProgress, SILENT } from '../progress/reporter.ts';
import { print, STDOUT } from '../terminal/output.ts';

export default class Pull extends ContainerCommand {
  static override id = 'pull';
  static override summary = 'Download an image from a registry';
  static override usage = '[OPTIONS] NAME[:TAG|@DIGEST]';
  static override arity = { min: 1, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    'all-tags': Flags.boolean({ char: 'a', summary: 'Download all tagged images in the repository' }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Platform of the image to take: os[/arch[/variant]]',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Suppress verbose output' }),
    'storage-driver': Flags.string({
      helpValue: 'string',
      summary: 'Storage driver to unpack the layers with',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Pull.flags);
    const [reference = ''] = args;
    const { platform, 'storage-driver': storageDriver } = flags;
    const progress = flags.quiet ? SILENT : pullProgress(STDOUT);
    const { images } = await this.engine();
    await interruptible((signal) =>
      images.pull({
        reference,
        allTags: flags['all-tags'],
        insecureRegistries: this.insecureRegistries(),
        onEvent: progress.onEvent,
        signal,
        ...(platform === undefined ? {} : { platform }),
        ...(storageDriver === undefined ? {} : { storageDriver }),
      }),
    ).finally(progress.end);
    const parsed = parseReference(reference);
    print(flags['all-tags'] ? fullName(parsed) : formatReference(withDefaultTag(parsed)));
  }
}
