import * as Flags from '@oclif/core/flags';
import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { volumePruning } from '../../prunings.ts';

export default class VolumePrune extends PruneCommand {
  static override id = 'volume prune';
  static override summary = 'Remove unused local volumes';
  static override examples = ['wherry volume prune -f'];
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused volumes, not just anonymous ones' }),
    ...pruneFlags('all, label, label!'),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(VolumePrune.flags);
    const pruning = volumePruning(flags.filter ?? [], flags.all);
    return this.prune(flags.force, `This will remove ${pruning.what}.`, [pruning]);
  }
}
