import * as Flags from '@oclif/core/flags';
import { BaseCommand } from './base-command.ts';
import type { EngineHandle } from './engine.ts';
import { humanSize } from './format/units.ts';
import { confirm } from './terminal/confirm.ts';
import { print } from './terminal/output.ts';

/** What one kind of objects is rid of. */
export interface Pruning {
  /** `Deleted Containers`. */
  readonly title: string;
  /** What goes, for the question: `all stopped containers`. */
  readonly what: string;
  run(engine: EngineHandle): Promise<Pruned>;
}

export interface Pruned {
  readonly lines: readonly string[];
  /** Bytes; undefined for what takes no room on the disk. */
  readonly reclaimed?: number;
}

/** Flags that all `prune` have. */
export function pruneFlags(filters: string) {
  return {
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: `Provide filter values (e.g. "label=<key>=<value>"): ${filters}`,
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };
}

/** What the `prune` commands share: the question, the lists, and the space that was gained. */
export abstract class PruneCommand extends BaseCommand {
  static override usage = '[OPTIONS]';

  /** Asks unless `force`, and removes kind by kind. */
  protected async prune(force: boolean, warning: string, kinds: readonly Pruning[]): Promise<undefined> {
    if (!force && !confirm(warning)) return;
    const engine = await this.engine();
    let reclaimed: number | undefined;
    for (const { title, run } of kinds) {
      const pruned = await run(engine);
      if (pruned.lines.length > 0) print(`${title}:\n${pruned.lines.join('\n')}\n`);
      if (pruned.reclaimed !== undefined) reclaimed = (reclaimed ?? 0) + pruned.reclaimed;
    }
    if (reclaimed !== undefined) print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}
