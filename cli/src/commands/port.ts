import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { portLines } from '../format/ports.ts';
import { print } from '../terminal/output.ts';

export default class Port extends BaseCommand {
  static override id = 'port';
  static override summary = 'List port mappings or a specific mapping for the container';
  static override usage = 'CONTAINER [PRIVATE_PORT[/PROTO]]';
  static override examples = ['wherry port web', 'wherry port web 80/tcp'];
  static override arity = { min: 1, max: 2 };
  static override completes = 'nothing' as const;
  static override flags = {};

  override async run(): Promise<undefined> {
    const { args } = this.read(Port.flags);
    const [name = '', asked] = args;
    const { containers, networks } = await this.engine();
    const id = containers.find(name);
    const lines = portLines(networks.ports(id), asked);
    if (lines.length > 0) print(lines.join('\n'));
    else if (asked !== undefined) {
      throw new WherryError(`No public port '${asked}' published for ${name}`, {
        code: 'E_PORT_NOT_PUBLISHED',
        hint: `wherry port ${name}   lists those that are.`,
      });
    }
  }
}
