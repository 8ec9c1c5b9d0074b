import * as Flags from '@oclif/core/flags';
import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { imagePruning } from '../../prunings.ts';

export default class ImagePrune extends PruneCommand {
  static override id = 'image prune';
  static override summary = 'Remove unused images';
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused images, not just dangling ones' }),
    ...pruneFlags('until, label, label!, dangling'),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(ImagePrune.flags);
    const pruning = imagePruning(flags.filter ?? [], flags.all, Date.now());
    return this.prune(flags.force, `This will remove ${pruning.what}.`, [pruning]);
  }
}
