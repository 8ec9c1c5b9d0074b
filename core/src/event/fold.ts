import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import type { Store } from '../store/store.ts';
import type { NewEvent } from './event.ts';
import { clearSpool, readSpool, type SpooledEvent } from './spool.ts';
import { EventTable } from './table.ts';

/** What events need of the state. */
export interface EventContext {
  readonly store: Store;
  readonly table: {
    get(id: string): ContainerRow | undefined;
    spec(id: string): ContainerSpec | undefined;
  };
}

/**
 * Takes what monitors have told by now into the books, and does `work` behind it in the same transaction: a second one would
 * cost a short command half a millisecond. Not within a transaction itself: the spool can't be rolled back.
 */
export function behindEvents<Result>(
  context: EventContext,
  work: (events: EventTable) => Result extends PromiseLike<unknown> ? never : Result,
): Result {
  return takeIn(context, readSpool(context.store.paths.events), work);
}

/** Writes events down, behind all that monitors have told by now. Not within a transaction. */
export function recordEvents(context: EventContext, events: readonly NewEvent[]): void {
  const spooled = readSpool(context.store.paths.events);
  if (spooled.length === 0 && events.length === 0) return;
  takeIn(context, spooled, (table): undefined => {
    for (const event of events) table.insert(event);
  });
}

function takeIn<Result>(
  context: EventContext,
  spooled: readonly SpooledEvent[],
  work: (events: EventTable) => Result extends PromiseLike<unknown> ? never : Result,
): Result {
  const { database } = context.store;
  const table = new EventTable(database);
  const result = database.transaction(() => {
    for (const each of spooled) fold(context, table, each);
    return work(table);
  });
  clearSpool(spooled);
  return result;
}

/** Takes what monitors have told into the books. */
export function foldEvents(context: EventContext): void {
  recordEvents(context, []);
}

/** Image, name and labels of a container, as all its events have them; of one that is gone, as the last of them had. */
export function containerAttributes(context: EventContext, id: string): Readonly<Record<string, string>> {
  const row = context.table.get(id);
  if (row !== undefined) return { ...row.labels, image: row.image, name: row.name };
  const events = new EventTable(context.store.database);
  const name = events.latestOf('container', id)?.attributes.name ?? '';
  return { ...events.latestOf('container', id, 'create')?.attributes, name };
}

function fold(context: EventContext, table: EventTable, spooled: SpooledEvent): void {
  const { container, time, source, what } = spooled;
  if (what === 'ended') {
    const left = partings(table, container);
    for (const event of left) table.insert({ ...event, time }, `${source} ${event.type} ${event.actor}`);
    return;
  }
  const common = containerAttributes(context, container);
  for (const { action, ...own } of actionsOf(context, table, spooled)) {
    const attributes = { ...common, ...own };
    table.insert({ type: 'container', actor: container, time, action, attributes }, `${source} ${action}`);
  }
}

type Action = { readonly action: string } & Readonly<Record<string, string>>;

/** What a line of a monitor is in Docker's words. */
function actionsOf(context: EventContext, table: EventTable, spooled: SpooledEvent): readonly Action[] {
  const { container, what, fields } = spooled;
  const [first = '', second = ''] = fields;
  switch (what) {
    case 'start':
    case 'oom':
      return [{ action: what }];
    case 'destroy':
      // A command that found nothing left of it may have been quicker to say so.
      return table.latestOf('container', container, 'destroy') === undefined ? [{ action: what }] : [];
    case 'die':
      return [{ action: 'die', exitCode: first, execDuration: second }];
    case 'health_status':
      return [{ action: `health_status: ${first}` }];
    case 'probe': {
      const command = context.table.spec(container)?.options?.health?.argv.join(' ') ?? '';
      return ['exec_create', 'exec_start'].map((each) => ({ action: `${each}: ${command}`, execID: first }));
    }
    case 'exec_start':
      return [{ action: `exec_start: ${table.execCommand(container, first)}`, execID: first }];
    case 'resize':
      return [{ action: 'resize', height: first, width: second }];
    case 'detach':
      return [{ action: 'detach' }];
    case 'exec_detach':
      return [{ action: 'exec_detach', execID: first }];
    case 'exec_die':
      return [{ action: 'exec_die', execID: first, exitCode: second }];
    default:
      // Of a monitor that a later version started.
      return [];
  }
}

/** A container that has ended is in no network and uses no volume any more. */
function partings(table: EventTable, container: string): NewEvent[] {
  const open = new Map<string, NewEvent>();
  for (const { type, action, actor, attributes } of table.about(container)) {
    const key = `${type} ${actor} ${attributes.destination ?? ''}`;
    const known = { container, driver: attributes.driver ?? '' };
    if (action === 'connect') open.set(key, { type, action: 'disconnect', actor, attributes, container });
    else if (action === 'mount')
      open.set(key, { type, action: 'unmount', actor, attributes: known, container });
    else if (action === 'disconnect') open.delete(key);
    else if (action === 'unmount') {
      for (const each of [...open.keys()].filter((name) => name.startsWith(`${type} ${actor} `)))
        open.delete(each);
    }
  }
  return [...open.values()];
}

/** An event of a container, with the attributes that all of its events have. */
export function containerEvent(
  context: EventContext,
  id: string,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): NewEvent {
  const known = containerAttributes(context, id);
  return { type: 'container', action, actor: id, attributes: { ...known, ...attributes } };
}

/** Writes down what was done to a container. */
export function recordContainerEvent(...of: Parameters<typeof containerEvent>): void {
  recordEvents(of[0], [containerEvent(...of)]);
}
