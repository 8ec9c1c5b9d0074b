import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Pause extends BaseCommand {
  static override id = 'pause';
  static override summary = 'Pause all processes within one or more containers';
  static override usage = 'CONTAINER [CONTAINER...]';
  static override examples = ['wherry pause web'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'running' as const;

  override async run(): Promise<number> {
    const { args } = this.read(Pause.flags);
    const { containers } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      await containers.pause(name);
      print(name);
    });
  }
}
