import * as Flags from '@oclif/core/flags';
import { checkOutput, writeArchive } from '../archive-output.ts';
import { BaseCommand } from '../base-command.ts';
import { stderrMeter } from '../progress/meter.ts';

export default class Save extends BaseCommand {
  static override id = 'save';
  static override summary = 'Save one or more images to a tar archive (streamed to STDOUT by default)';
  static override usage = '[OPTIONS] IMAGE [IMAGE...]';
  static override examples = [
    'wherry save -o images.tar debian nginx',
    'wherry save debian | gzip > debian.tar.gz',
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'images' as const;
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'string',
      summary: 'Write to a file, instead of STDOUT',
    }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Save only the given platform variant, as os[/arch[/variant]]',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Save.flags);
    const instead = `save -o images.tar ${args.join(' ')}`;
    checkOutput({ output: flags.output, instead, failure: 'failed to save image' });
    const { images } = await this.engine();
    const { platform } = flags;
    if (platform !== undefined) for (const name of args) await images.requirePlatform(name, platform);
    const { count } = stderrMeter(args.join(' '), 'Saving');
    await writeArchive(flags.output, count(images.save(args)));
  }
}
