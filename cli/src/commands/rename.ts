import { BaseCommand } from '../base-command.ts';

export default class Rename extends BaseCommand {
  static override id = 'rename';
  static override summary = 'Rename a container';
  static override usage = 'CONTAINER NEW_NAME';
  static override examples = ['wherry rename web shop'];
  static override arity = { min: 2, max: 2 };
  static override completes = 'containers' as const;

  override async run(): Promise<undefined> {
    const [name = '', wanted = ''] = this.read(Rename.flags).args;
    const { containers } = await this.engine();
    await containers.rename(name, wanted);
  }
}
