import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';

export default class NetworkDisconnect extends BaseCommand {
  static override id = 'network disconnect';
  static override summary = 'Disconnect a container from a network';
  static override usage = '[OPTIONS] NETWORK CONTAINER';
  static override examples = ['wherry network disconnect lab web'];
  static override arity = { min: 2, max: 2 };
  static override completes = 'networks' as const;
  static override flags = {
    force: Flags.boolean({ char: 'f', summary: 'Force the container to disconnect from a network' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(NetworkDisconnect.flags);
    const [network = '', container = ''] = args;
    const { networks } = await this.engine();
    await networks.disconnect(network, container, flags.force);
  }
}
