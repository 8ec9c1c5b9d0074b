import * as Flags from '@oclif/core/flags';
import type { ContainerSummary } from '@wherry/core/api';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { parseMoment } from '../../flags/time.ts';
import { labelsFit, parseFilters } from '../../format/filter.ts';
import { humanSize } from '../../format/units.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print } from '../../terminal/output.ts';

const STOPPED = ['created', 'exited', 'dead'];

export default class ContainerPrune extends BaseCommand {
  static override id = 'container prune';
  static override summary = 'Remove all stopped containers';
  static override usage = '[OPTIONS]';
  static override flags = {
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "until=<timestamp>"): until, label, label!',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };

  override async run(): Promise<number> {
    const { flags } = this.read(ContainerPrune.flags);
    const select = pruneSelection(flags.filter ?? [], Date.now());
    if (!flags.force && !confirm('This will remove all stopped containers.')) return 0;
    const { containers } = await this.engine();
    const stopped = containers.list({ all: true }).filter((each) => STOPPED.includes(each.state));
    const removed: string[] = [];
    let reclaimed = 0;
    const status = await forEachNamed(
      stopped.filter(select).map(({ id }) => id),
      this.options,
      async (id) => {
        const { SizeRw: size } = await containers.inspect(id, { size: true });
        await containers.remove(id, {});
        removed.push(id);
        reclaimed += Number(size);
      },
    );
    if (removed.length > 0) print(`Deleted Containers:\n${removed.join('\n')}\n`);
    print(`Total reclaimed space: ${humanSize(reclaimed)}`);
    return status;
  }
}

/** Which containers `--filter` lets go. @throws WherryError `E_FILTER`, `E_TIME` */
export function pruneSelection(
  words: readonly string[],
  now: number,
): (container: ContainerSummary) => boolean {
  const filters = parseFilters(words, ['until', 'label', 'label!']);
  const before = (filters.get('until') ?? []).map((text) => Date.parse(parseMoment(text, now)));
  const without = filters.get('label!') ?? [];
  return ({ created, labels }) =>
    before.every((limit) => Date.parse(created) < limit) &&
    labelsFit(filters, labels) &&
    !without.some((wanted) => labelsFit(new Map([['label', [wanted]]]), labels));
}
