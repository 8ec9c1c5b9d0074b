import * as Flags from '@oclif/core/flags';
import { checkOutput, writeArchive } from '../../archive-output.ts';
import { BaseCommand } from '../../base-command.ts';

export default class VolumeExport extends BaseCommand {
  static override id = 'volume export';
  static override summary = "Export a volume's files as a tar archive";
  static override usage = '[OPTIONS] VOLUME';
  static override examples = ['wherry volume export -o data.tar data'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'volumes' as const;
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'string',
      summary: 'Write to a file, instead of STDOUT',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(VolumeExport.flags);
    const [name = ''] = args;
    const instead = `volume export -o ${name}.tar ${name}`;
    checkOutput({ output: flags.output, instead, failure: 'failed to export volume' });
    const { volumes } = await this.engine();
    await volumes.find(name);
    await writeArchive(flags.output, volumes.export(name));
  }
}
