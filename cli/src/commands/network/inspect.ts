import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { FORMAT_SUMMARY, renderOne } from '../../format/one.ts';
import { print } from '../../terminal/output.ts';

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
    const { format } = flags;
    const { networks } = await this.engine();
    const found: Record<string, unknown>[] = [];
    const status = await forEachNamed(args, this.options, async (name) => {
      const network = { ...(await networks.inspect(name)) };
      if (format === undefined) found.push(network);
      else print(await renderOne(format, network));
    });
    if (format === undefined) print(JSON.stringify(found, undefined, 4));
    return status;
  }
}
