import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { networkPruning } from '../../prunings.ts';

export default class NetworkPrune extends PruneCommand {
  static override id = 'network prune';
  static override summary = 'Remove all unused networks';
  static override examples = ['wherry network prune -f'];
  static override flags = pruneFlags('until, label, label!');

  override async run(): Promise<undefined> {
    const { flags } = this.read(NetworkPrune.flags);
    const pruning = networkPruning(flags.filter ?? [], Date.now());
    return this.prune(flags.force, `This will remove ${pruning.what}.`, [pruning]);
  }
}
