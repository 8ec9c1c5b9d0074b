import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Kill extends BaseCommand {
  static override id = 'kill';
  static override summary = 'Kill one or more running containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ['wherry kill web', 'wherry kill -s HUP web'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'running' as const;
  static override flags = {
    signal: Flags.string({
      char: 's',
      default: 'KILL',
      helpValue: 'string',
      summary: 'Signal to send to the container (default "KILL")',
    }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Kill.flags);
    const { containers } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      await containers.kill(name, flags.signal);
      print(name);
    });
  }
}
