import * as Flags from '@oclif/core/flags';
import type { ContainerSummary } from '@wherry/core/api';
import { BaseCommand } from '../base-command.ts';
import type { EngineHandle } from '../engine.ts';
import { CONTAINER_FILTERS, filterContainers } from '../format/container-filter.ts';
import { containerList } from '../format/containers.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../format/list.ts';
import { humanSize } from '../format/units.ts';
import { print } from '../terminal/output.ts';

export default class Ps extends BaseCommand {
  static override id = 'ps';
  static override summary = 'List containers';
  static override usage = '[OPTIONS]';
  static override examples = [
    'wherry ps -a',
    'wherry ps --filter status=exited --filter network=lab -q',
    "wherry ps --format 'table {{.Names}}\\t{{.Networks}}\\t{{.Ports}}'",
  ];
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Show all containers (default shows just running)' }),
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: `Filter output based on conditions provided: ${CONTAINER_FILTERS.join(', ')}`,
    }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    last: Flags.integer({
      char: 'n',
      helpValue: 'int',
      summary: 'Show n last created containers (includes all states) (default -1)',
    }),
    latest: Flags.boolean({ char: 'l', summary: 'Show the latest created container (includes all states)' }),
    'no-trunc': Flags.boolean({ summary: "Don't truncate output" }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only display container IDs' }),
    size: Flags.boolean({ char: 's', summary: 'Display total file sizes' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(Ps.flags);
    const last = flags.latest ? 1 : (flags.last ?? -1);
    const engine = await this.engine();
    const filters = flags.filter ?? [];
    // As in Docker, a filter on a state that isn't running looks at all containers.
    const all = flags.all || last >= 0 || filters.some((each) => /^(status|exited)=/.test(each));
    const attachments = (id: string) => engine.containers.attachments(id);
    const createdOf = (container: string): string => {
      const id = engine.containers.find(container);
      return engine.containers.list({ all: true }).find((each) => each.id === id)?.created ?? '';
    };
    const listed = engine.containers.list({ all });
    const found = filterContainers(listed, filters, { attachments, createdOf }).toSorted(newestFirst);
    const items = last >= 0 ? found.slice(0, last) : found;
    const wanted = flags.size || flags.format?.includes('.Size') === true;
    const list = containerList({
      noTrunc: flags['no-trunc'],
      now: Date.now(),
      ...(wanted ? { sizes: await sizesOf(engine, items) } : {}),
      size: flags.size,
      attachments,
    });
    const text = await renderList(list, {
      items,
      format: flags.format,
      quiet: flags.quiet ? 'ID' : undefined,
    });
    if (text !== '') print(text);
  }
}

/** SIZE of each container: what it has written, and with its image. */
async function sizesOf(
  { containers }: EngineHandle,
  items: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, string>> {
  const sizes = new Map<string, string>();
  for (const { id } of items) {
    const { SizeRw, SizeRootFs } = await containers.inspect(id, { size: true });
    sizes.set(id, `${humanSize(Number(SizeRw))} (virtual ${humanSize(Number(SizeRootFs))})`);
  }
  return sizes;
}

function newestFirst(a: ContainerSummary, b: ContainerSummary): number {
  return a.created < b.created ? 1 : a.created > b.created ? -1 : 0;
}
