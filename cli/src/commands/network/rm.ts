import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { print } from '../../terminal/output.ts';

export default class NetworkRemove extends BaseCommand {
  static override id = 'network rm';
  static override summary = 'Remove one or more networks';
  static override usage = 'NETWORK [NETWORK...]';
  static override examples = ['wherry network rm lab'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'networks' as const;
  static override flags = {
    force: Flags.boolean({ char: 'f', summary: 'Do not error if the network does not exist' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(NetworkRemove.flags);
    const { networks } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      try {
        await networks.remove(name);
      } catch (error) {
        const missing = error instanceof WherryError && error.code === 'E_NETWORK_NOT_FOUND';
        if (!flags.force || !missing) throw error;
        return;
      }
      print(name);
    });
  }
}
