import * as Flags from '@oclif/core/flags';
import { checkOutput, writeArchive } from '../archive-output.ts';
import { BaseCommand } from '../base-command.ts';
import { stderrMeter } from '../progress/meter.ts';

export default class Export extends BaseCommand {
  static override id = 'export';
  static override summary = "Export a container's filesystem as a tar archive";
  static override usage = '[OPTIONS] CONTAINER';
  static override examples = ['wherry export -o web.tar web', 'wherry export web | tar t'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'containers' as const;
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'string',
      summary: 'Write to a file, instead of STDOUT',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Export.flags);
    const [container = ''] = args;
    const instead = `export -o files.tar ${container}`;
    checkOutput({ output: flags.output, instead, failure: 'failed to export container' });
    const { images } = await this.engine();
    const { count } = stderrMeter(container, 'Exporting');
    await writeArchive(flags.output, count(images.export(container)));
  }
}
