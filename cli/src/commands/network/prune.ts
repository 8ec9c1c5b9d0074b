import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { pruneNetworks } from '../../format/networks.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print } from '../../terminal/output.ts';

export default class NetworkPrune extends BaseCommand {
  static override id = 'network prune';
  static override summary = 'Remove all unused networks';
  static override usage = '[OPTIONS]';
  static override flags = {
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "until=<timestamp>"): label, label!, until',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(NetworkPrune.flags);
    const select = pruneNetworks(flags.filter ?? [], Date.now());
    const warning = 'This will remove all custom networks not used by at least one container.';
    if (!flags.force && !confirm(warning)) return;
    const { networks } = await this.engine();
    const names = await networks.prune(select);
    if (names.length > 0) print(`Deleted Networks:\n${names.join('\n')}\n`);
  }
}
