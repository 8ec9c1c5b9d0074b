import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../../format/list.ts';
import { asksForUse, filterNetworks, NETWORK_LIST } from '../../format/networks.ts';
import { print } from '../../terminal/output.ts';

export default class NetworkList extends BaseCommand {
  static override id = 'network ls';
  static override summary = 'List networks';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry network ls', 'wherry network ls --filter driver=bridge -q'];
  static override flags = {
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "driver=bridge"): dangling, driver, id, label, name, scope, type',
    }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    'no-trunc': Flags.boolean({ summary: 'Do not truncate the output' }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only display network IDs' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(NetworkList.flags);
    const { networks } = await this.engine();
    const all = filterNetworks(
      await networks.list({ use: asksForUse(flags.filter ?? []) }),
      flags.filter ?? [],
    );
    const items = flags['no-trunc'] ? all : all.map((each) => ({ ...each, id: each.id.slice(0, 12) }));
    const text = await renderList(NETWORK_LIST, {
      items,
      format: flags.format,
      quiet: flags.quiet ? 'ID' : undefined,
    });
    if (text !== '') print(text);
  }
}
