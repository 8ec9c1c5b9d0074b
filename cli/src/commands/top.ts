import { BaseCommand } from '../base-command.ts';
import { layOutCells } from '../table.ts';
import { print } from '../terminal/output.ts';

/** Docker's columns of this table, which are wider than those of lists. */
const NARROWEST = 20;

export default class Top extends BaseCommand {
  static override id = 'top';
  static override summary = 'Display the running processes of a container';
  static override usage = 'CONTAINER [ps OPTIONS]';
  static override examples = ['wherry top web', 'wherry top web -o pid,etime,args'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override interspersed = false;
  static override completes = 'running' as const;

  override async run(): Promise<undefined> {
    const [name = '', ...options] = this.read(Top.flags).args;
    const { containers } = await this.engine();
    const rows = await containers.top(name, options);
    print(layOutCells(rows, NARROWEST));
  }
}
