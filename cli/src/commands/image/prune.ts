import * as Flags from '@oclif/core/flags';
import { usageError } from '../../flags/usage-error.ts';
import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { cachePruning, imagePruning } from '../../prunings.ts';

export default class ImagePrune extends PruneCommand {
  static override id = 'image prune';
  static override summary = 'Remove unused images';
  static override examples = ['wherry image prune -f', 'wherry image prune -a --filter until=240h'];
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused images, not just dangling ones' }),
    cache: Flags.boolean({
      summary:
        'Remove no images, but their compressed layers, which are fetched again when something needs them',
    }),
    ...pruneFlags('until, label, label!, dangling'),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(ImagePrune.flags);
    if (flags.cache && (flags.all || flags.filter !== undefined))
      throw usageError('image prune', "--cache doesn't go with --all or --filter");
    if (flags.cache) return this.prune(flags.force, `This will remove ${cachePruning.what}.`, [cachePruning]);
    const pruning = imagePruning(flags.filter ?? [], flags.all, Date.now());
    return this.prune(flags.force, `This will remove ${pruning.what}.`, [pruning]);
  }
}
