import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { containerPruning } from '../../prunings.ts';

export default class ContainerPrune extends PruneCommand {
  static override id = 'container prune';
  static override summary = 'Remove all stopped containers';
  static override examples = ['wherry container prune -f --filter until=24h'];
  static override flags = pruneFlags('until, label, label!');

  override async run(): Promise<undefined> {
    const { flags } = this.read(ContainerPrune.flags);
    const pruning = containerPruning(flags.filter ?? [], Date.now());
    return this.prune(flags.force, `This will remove ${pruning.what}.`, [pruning]);
  }
}
