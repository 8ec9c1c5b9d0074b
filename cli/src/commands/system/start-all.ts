import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { print } from '../../terminal/output.ts';

export default class SystemStartAll extends BaseCommand {
  static override id = 'system start-all';
  static override summary =
    'Start the containers that a restart of the machine ended, by their restart policies';

  static override examples = ['wherry system start-all'];
  override async run(): Promise<number> {
    this.read(SystemStartAll.flags);
    const { containers } = await this.engine();
    const names = new Map(containers.list({ all: true }).map(({ id, name }) => [id, name]));
    return forEachNamed(await containers.restartable(), this.options, async (id) => {
      await containers.start(id);
      print(names.get(id) ?? id);
    });
  }
}
