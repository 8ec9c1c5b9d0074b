import type { Attachments, ContainerSummary } from '@wherry/core/api';
import { anyOf, type Filters, filterError, labelsFit, parseFilters } from './filter.ts';
import { shortId } from './units.ts';

/** Names of `ps --filter`. */
export const CONTAINER_FILTERS = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
] as const;

/** What may stand behind a name that takes few words, or those of one form. */
const VALUES: Readonly<Record<string, RegExp>> = {
  status: /^(?:created|restarting|running|removing|paused|exited|dead)$/,
  health: /^(?:starting|healthy|unhealthy|none)$/,
  exited: /^-?\d+$/,
  'is-task': /^(?:true|false|0|1)$/,
  publish: /^\d+(?:-\d+)?(?:\/(?:tcp|udp|sctp))?$/,
  expose: /^\d+(?:-\d+)?(?:\/(?:tcp|udp|sctp))?$/,
};

/** What filters look up beside the rows themselves. */
export interface FilterContext {
  /** Asked for where networks or volumes are. */
  readonly attachments: (id: string) => Attachments;
  /** The time at which a container was created, by its name or id. @throws WherryError `E_CONTAINER_NOT_FOUND` */
  readonly createdOf: (container: string) => string;
}

/** `ps --filter`. @throws WherryError `E_FILTER` */
export function filterContainers(
  all: readonly ContainerSummary[],
  words: readonly string[],
  context: FilterContext,
): ContainerSummary[] {
  const filters = parseFilters(words, CONTAINER_FILTERS);
  if (filters.size === 0) return [...all];
  for (const [name, form] of Object.entries(VALUES)) {
    const wrong = filters.get(name)?.find((value) => !form.test(value));
    if (wrong !== undefined) throw filterError(`invalid filter '${name}=${wrong}'`, CONTAINER_FILTERS);
  }
  const moments = (name: string) => (filters.get(name) ?? []).map(context.createdOf);
  const [before, since] = [moments('before'), moments('since')];
  return all.filter(
    (each) =>
      ownFits(filters, each) &&
      before.every((moment) => each.created < moment) &&
      since.every((moment) => each.created > moment) &&
      // None is a task of a swarm.
      anyOf(filters, 'is-task', (value) => value === 'false' || value === '0') &&
      anyOf(filters, 'publish', (value) => portFits(PUBLISHED, each.ports, value)) &&
      anyOf(filters, 'expose', (value) => portFits(EXPOSED, each.ports, value)) &&
      attachmentsFit(filters, () => context.attachments(each.id)),
  );
}

function ownFits(filters: Filters, each: ContainerSummary): boolean {
  return (
    anyOf(filters, 'id', (value) => each.id.startsWith(value)) &&
    anyOf(filters, 'name', (value) => nameFits(each.name, value)) &&
    anyOf(filters, 'status', (value) => each.state === value) &&
    anyOf(filters, 'exited', (value) => each.state === 'exited' && each.exitCode === Number(value)) &&
    anyOf(filters, 'health', (value) => (each.health ?? 'none') === value) &&
    anyOf(filters, 'ancestor', (value) => isAncestor(each, value)) &&
    labelsFit(filters, each.labels)
  );
}

function attachmentsFit(filters: Filters, attachments: () => Attachments): boolean {
  if (!filters.has('network') && !filters.has('volume')) return true;
  const { networks, mounts } = attachments();
  return (
    anyOf(filters, 'network', (value) =>
      networks.some(({ id, name }) => name === value || (value.length >= 12 && id.startsWith(value))),
    ) &&
    anyOf(filters, 'volume', (value) =>
      mounts.some(({ name, destination }) => name === value || destination === value),
    )
  );
}

/** Docker matches names as regular expressions; what isn't one is looked for as it is. */
function nameFits(name: string, pattern: string): boolean {
  try {
    const expression = new RegExp(pattern);
    return expression.test(name) || expression.test(`/${name}`);
  } catch {
    return name.includes(pattern);
  }
}

function isAncestor({ image, imageId }: ContainerSummary, wanted: string): boolean {
  const withoutTag = image.replace(/:[^:/]*$/, '');
  return (
    image === wanted || withoutTag === wanted || imageId === wanted || shortId(imageId).startsWith(wanted)
  );
}

/** A port of the host, and one of the container, in the column of ports. */
const PUBLISHED = /:(\d+)->\d+\/(\w+)/g;
const EXPOSED = /(?:->|^|, )(\d+)\/(\w+)/g;

/** `80`, `80/udp`, `80-90/tcp`; of TCP unless it says otherwise. */
function portFits(form: RegExp, column: string, wanted: string): boolean {
  const [range = '', protocol = 'tcp'] = wanted.split('/');
  const [first = 0, last = first] = range.split('-').map(Number);
  return [...column.matchAll(form)].some(([, port, of]) => {
    const number = Number(port);
    return of === protocol && number >= first && number <= last;
  });
}
