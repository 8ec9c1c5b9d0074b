import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { PruneCommand, pruneFlags } from '../../prune-command.ts';
import { containerPruning, imagePruning, networkPruning, volumePruning } from '../../prunings.ts';

export default class SystemPrune extends PruneCommand {
  static override id = 'system prune';
  static override summary = 'Remove unused data';
  static override examples = ['wherry system prune -f', 'wherry system prune -a --volumes'];
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused images not just dangling ones' }),
    ...pruneFlags('until, label, label!'),
    volumes: Flags.boolean({ summary: 'Prune anonymous volumes' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(SystemPrune.flags);
    const words = flags.filter ?? [];
    if (flags.volumes && words.some((word) => /^\s*until\s*=/i.test(word))) {
      throw new WherryError('The "until" filter is not supported with "--volumes"', {
        code: 'E_FILTER',
        hint: 'Leave out one of them; wherry volume prune   removes volumes alone.',
      });
    }
    const now = Date.now();
    // What stands on others goes first, so that these are free.
    const kinds = [
      containerPruning(words, now),
      networkPruning(words, now),
      ...(flags.volumes ? [volumePruning(words, false)] : []),
      imagePruning(words, flags.all, now),
    ];
    const list = kinds.map(({ what }) => `  - ${what}`);
    const filtered =
      words.length === 0
        ? []
        : ['', '  Items to be pruned will be filtered with:', ...words.map((each) => `  - ${each}`)];
    return this.prune(flags.force, ['This will remove:', ...list, ...filtered, ''].join('\n'), kinds);
  }
}
