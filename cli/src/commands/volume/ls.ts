import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../../format/list.ts';
import { filterVolumes, VOLUME_LIST } from '../../format/volumes.ts';
import { print } from '../../terminal/output.ts';

export default class VolumeList extends BaseCommand {
  static override id = 'volume ls';
  static override summary = 'List volumes';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry volume ls', 'wherry volume ls --filter dangling=true -q'];
  static override flags = {
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "dangling=true"): dangling, driver, label, name',
    }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only display volume names' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(VolumeList.flags);
    const { volumes } = await this.engine();
    const items = filterVolumes(await volumes.list(), flags.filter ?? []);
    const text = await renderList(VOLUME_LIST, {
      items,
      format: flags.format,
      quiet: flags.quiet ? 'Name' : undefined,
    });
    if (text !== '') print(text);
  }
}
