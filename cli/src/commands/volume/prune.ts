import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { humanSize } from '../../format/units.ts';
import { pruneSelection } from '../../format/volumes.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print } from '../../terminal/output.ts';

export default class VolumePrune extends BaseCommand {
  static override id = 'volume prune';
  static override summary = 'Remove unused local volumes';
  static override usage = '[OPTIONS]';
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused volumes, not just anonymous ones' }),
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "label=<label>"): all, label, label!',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(VolumePrune.flags);
    const { all, select } = pruneSelection(flags.filter ?? [], flags.all);
    const what = all ? 'all local volumes' : 'anonymous local volumes';
    if (!flags.force && !confirm(`This will remove ${what} not used by at least one container.`)) return;
    const { volumes } = await this.engine();
    const { names, reclaimed } = await volumes.prune(select);
    if (names.length > 0) print(`Deleted Volumes:\n${names.join('\n')}\n`);
    print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}
