import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Wait extends BaseCommand {
  static override id = 'wait';
  static override summary = 'Block until one or more containers stop, then print their exit codes';
  static override usage = 'CONTAINER [CONTAINER...]';
  static override examples = ['wherry wait web'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'running' as const;

  override async run(): Promise<number> {
    const { args } = this.read(Wait.flags);
    const { containers } = await this.engine();
    return forEachNamed(args, this.options, async (name) => print(String(await containers.wait(name))));
  }
}
