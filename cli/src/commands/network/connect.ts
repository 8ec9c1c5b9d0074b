import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';

export default class NetworkConnect extends BaseCommand {
  static override id = 'network connect';
  static override summary = 'Connect a container to a network';
  static override usage = '[OPTIONS] NETWORK CONTAINER';
  static override examples = [
    'wherry network connect lab web',
    'wherry network connect --alias db --ip 10.5.0.9 lab postgres',
  ];
  static override arity = { min: 2, max: 2 };
  static override completes = 'networks' as const;
  static override flags = {
    alias: Flags.string({
      multiple: true,
      helpValue: 'strings',
      summary: 'Add network-scoped alias for the container',
    }),
    'driver-opt': Flags.string({
      multiple: true,
      helpValue: 'strings',
      summary: 'Options of the interface: com.docker.network.endpoint.ifname=NAME or .sysctls=KEY=VALUE',
    }),
    'gw-priority': Flags.integer({
      helpValue: 'int',
      summary: 'The network with the highest one has the default route; may be negative',
    }),
    ip: Flags.string({ helpValue: 'string', summary: 'IPv4 address (e.g., "172.30.100.104")' }),
    ip6: Flags.string({ helpValue: 'string', summary: 'IPv6 address (e.g., "2001:db8::33")' }),
    link: Flags.string({ multiple: true, helpValue: 'list', summary: 'Add link to another container' }),
    'link-local-ip': Flags.string({
      multiple: true,
      helpValue: 'strings',
      summary: 'Add a link-local address for the container',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(NetworkConnect.flags);
    const [network = '', container = ''] = args;
    const { networks } = await this.engine();
    await networks.connect(network, container, {
      aliases: flags.alias ?? [],
      ip: flags.ip,
      ip6: flags.ip6,
      links: flags.link ?? [],
      driverOptions: flags['driver-opt'] ?? [],
      gatewayPriority: flags['gw-priority'],
      linkLocalIps: flags['link-local-ip'] ?? [],
    });
  }
}
