import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { driverOptions, labels } from '../../flags/pairs.ts';
import { REFUSED_BY_NETWORK_CREATE, refusedFlags, refuseFlags } from '../../flags/refused.ts';
import { print } from '../../terminal/output.ts';

const list = (summary: string) => Flags.string({ multiple: true, helpValue: 'strings', summary });

export default class NetworkCreate extends BaseCommand {
  static override id = 'network create';
  static override summary = 'Create a network';
  static override usage = '[OPTIONS] NETWORK';
  static override examples = [
    'wherry network create lab',
    'wherry network create --subnet 10.5.0.0/16 --internal lab',
  ];
  static override arity = { min: 1, max: 1 };
  static override completes = 'nothing' as const;
  static override flags = {
    attachable: Flags.boolean({ summary: 'Enable manual container attachment' }),
    'aux-address': Flags.string({
      multiple: true,
      helpValue: 'map',
      summary: 'Addresses of the subnets that no container gets: NAME=ADDRESS',
    }),
    driver: Flags.string({
      char: 'd',
      default: 'bridge',
      helpValue: 'string',
      summary: 'Driver to manage the Network (default "bridge")',
    }),
    explain: Flags.boolean({ summary: 'Print the plan of the network and touch nothing' }),
    gateway: list('IPv4 or IPv6 Gateway for the master subnet'),
    internal: Flags.boolean({ summary: 'Restrict external access to the network' }),
    'ip-range': list('Allocate container ip from a sub-range'),
    ipv4: Flags.boolean({
      default: true,
      summary: 'Enable or disable IPv4 address assignment (default true)',
    }),
    ipv6: Flags.boolean({ summary: 'Enable IPv6 address assignment' }),
    label: Flags.string({ multiple: true, helpValue: 'list', summary: 'Set metadata on a network' }),
    opt: Flags.string({
      char: 'o',
      multiple: true,
      helpValue: 'map',
      summary: 'Set driver specific options',
    }),
    subnet: list('Subnet in CIDR format that represents a network segment'),
    ...refusedFlags(REFUSED_BY_NETWORK_CREATE),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(NetworkCreate.flags);
    const [name = ''] = args;
    refuseFlags(flags, REFUSED_BY_NETWORK_CREATE);
    const request = {
      name,
      driver: flags.driver,
      subnets: flags.subnet ?? [],
      gateways: flags.gateway ?? [],
      ipRanges: flags['ip-range'] ?? [],
      auxiliary: driverOptions(flags['aux-address'] ?? []),
      ipv4: flags.ipv4,
      internal: flags.internal,
      attachable: flags.attachable,
      ipv6: flags.ipv6,
      labels: labels(flags.label ?? []),
      options: driverOptions(flags.opt ?? []),
    };
    const { networks } = await this.engine();
    if (flags.explain) print((await networks.explain(request)).replace(/\n$/, ''));
    else print(await networks.create(request));
  }
}
