import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../../format/list.ts';
import { PLUGIN_LIST } from '../../format/plugins.ts';
import { print } from '../../terminal/output.ts';

export default class PluginList extends BaseCommand {
  static override id = 'plugin ls';
  static override summary = 'List installed drivers';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry plugin ls'];
  static override flags = {
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only display plugin names' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(PluginList.flags);
    const { plugins } = await this.engine();
    const text = await renderList(PLUGIN_LIST, {
      items: [...(await plugins.list())],
      format: flags.format,
      quiet: flags.quiet ? 'Name' : undefined,
    });
    if (text !== '') print(text);
  }
}
