import type { VolumeSummary } from '@wherry/core/api';
import { WherryError } from '@wherry/core/errors';
import { anyOf, type Filters, labelsFit, PRUNE_FLAG, parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';

/** Docker's columns and template fields of `volume ls`. */
export const VOLUME_LIST: ListFormat<VolumeSummary> = {
  columns: ['Driver', 'Name'],
  headers: {
    Name: 'VOLUME NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Mountpoint: 'MOUNTPOINT',
    Labels: 'LABELS',
    Links: 'LINKS',
    Size: 'SIZE',
    Availability: 'AVAILABILITY',
    Group: 'GROUP',
    Status: 'STATUS',
  },
  fields: ({ name, driver, scope, mountpoint, labels }) => ({
    Name: name,
    Driver: driver,
    Scope: scope,
    Mountpoint: mountpoint,
    Labels: sortedEntries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => labels[key] ?? '',
    // Docker's words where `ls` measures nothing, and for what only a cluster has.
    Links: 'N/A',
    Size: 'N/A',
    Availability: 'N/A',
    Group: 'N/A',
    Status: 'N/A',
  }),
};

/** As Go shows a map. */
function sortedEntries(map: Readonly<Record<string, string>>): [key: string, value: string][] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** What `volume inspect` shows, with Docker's names in Docker's order. */
export function inspectedVolume(volume: VolumeSummary): Record<string, unknown> {
  const orNull = (map: Readonly<Record<string, string>>) =>
    Object.keys(map).length === 0 ? null : Object.fromEntries(sortedEntries(map));
  return {
    CreatedAt: volume.created.replace(/\.\d+Z$/, 'Z'),
    Driver: volume.driver,
    Labels: orNull(volume.labels),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: orNull(volume.options),
    Scope: volume.scope,
  };
}

/** `volume ls --filter`. @throws WherryError `E_FILTER` */
export function filterVolumes(all: readonly VolumeSummary[], words: readonly string[]): VolumeSummary[] {
  const filters = parseFilters(words, ['dangling', 'driver', 'label', 'name']);
  const dangling = filters.get('dangling')?.map((text) => toBoolean('dangling', text));
  return all.filter(
    (each) =>
      (dangling === undefined || dangling.includes(each.links === 0)) &&
      anyOf(filters, 'driver', (value) => each.driver === value) &&
      anyOf(filters, 'name', (value) => each.name.includes(value)) &&
      labelsFit(filters, each.labels),
  );
}

export interface PruneSelection {
  /** Whether volumes with a name are meant, too. */
  readonly all: boolean;
  readonly select: (volume: Pick<VolumeSummary, 'anonymous' | 'labels'>) => boolean;
}

/** `volume prune --filter` and `-a`. @throws WherryError `E_FILTER` */
export function pruneSelection(words: readonly string[], allFlag: boolean): PruneSelection {
  const filters = parseFilters(words, ['all', 'label', 'label!'], PRUNE_FLAG);
  const all = allFlag || (filters.get('all')?.some((text) => toBoolean('all', text)) ?? false);
  const unwanted: Filters = new Map([['label', filters.get('label!') ?? []]]);
  return {
    all,
    select: ({ anonymous, labels }) =>
      (all || anonymous) &&
      labelsFit(filters, labels) &&
      !(filters.has('label!') && labelsFit(unwanted, labels)),
  };
}

function toBoolean(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new WherryError(`invalid filter '${name}=${text}'`, {
    code: 'E_FILTER',
    hint: `Write ${name}=true or ${name}=false.`,
  });
}
