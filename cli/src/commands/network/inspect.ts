import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { FORMAT_SUMMARY } from '../../format/one.ts';
import { inspectObjects } from '../../inspect/objects.ts';

export default class NetworkInspect extends BaseCommand {
  static override id = 'network inspect';
  static override summary = 'Display detailed information on one or more networks';
  static override usage = '[OPTIONS] NETWORK [NETWORK...]';
  static override examples = [
    'wherry network inspect lab',
    "wherry network inspect -f '{{range .Containers}}{{.Name}} {{end}}' lab",
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'networks' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
    // Of a swarm's networks Docker tells more with it; of others it tells all in any case.
    verbose: Flags.boolean({ char: 'v', summary: 'Verbose output for diagnostics' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(NetworkInspect.flags);
    const { networks } = await this.engine();
    return await inspectObjects(args, flags.format, this.options, async (name) => ({
      ...(await networks.inspect(name)),
    }));
  }
}
