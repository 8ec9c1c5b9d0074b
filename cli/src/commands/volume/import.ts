import { readArchiveFrom } from '../../archive-input.ts';
import { BaseCommand } from '../../base-command.ts';

export default class VolumeImport extends BaseCommand {
  static override id = 'volume import';
  static override summary = "Import a tar archive's files into a volume";
  static override usage = 'VOLUME FILE|-';
  static override examples = ['wherry volume import data data.tar'];
  static override arity = { min: 2, max: 2 };
  static override completes = 'volumes' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(VolumeImport.flags);
    const [name = '', file = ''] = args;
    const { volumes } = await this.engine();
    await volumes.find(name);
    const archive = await readArchiveFrom(
      file === '-' ? undefined : file,
      `wherry volume import ${name} - < archive.tar`,
    );
    await volumes.import(name, archive);
  }
}
