import type { DiskUsage, UsageTotal } from '@wherry/core/api';
import { layOut } from '../table.ts';
import { quotedCommand } from './containers.ts';
import type { ListFormat } from './list.ts';
import { ago, humanSize, shortId } from './units.ts';

export interface UsageRow extends UsageTotal {
  readonly type: string;
}

/** Docker's columns and template fields of `system df`. */
export const USAGE_LIST: ListFormat<UsageRow> = {
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
  headers: {
    Type: 'TYPE',
    TotalCount: 'TOTAL',
    Active: 'ACTIVE',
    Size: 'SIZE',
    Reclaimable: 'RECLAIMABLE',
  },
  fields: ({ type, total, active, size, reclaimable }) => ({
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(size),
    Reclaimable:
      size === 0 ? humanSize(0) : `${humanSize(reclaimable)} (${Math.floor((reclaimable / size) * 100)}%)`,
  }),
};

export function usageRows({ images, containers, volumes }: DiskUsage): readonly UsageRow[] {
  return [
    { type: 'Images', ...images },
    { type: 'Containers', ...containers },
    { type: 'Local Volumes', ...volumes },
  ];
}

/**
 * `system df -v`: a table of each kind.
 * @param statusOf what `ps` says of a container, by id @param now in milliseconds since the epoch
 */
export function detailText(
  { details }: DiskUsage,
  statusOf: ReadonlyMap<string, string>,
  now: number,
): string {
  // An image stands in one line, whatever names it has.
  const once = details.images.filter(
    ({ id }, index, all) => all.findIndex((each) => each.id === id) === index,
  );
  const images = once.map(({ repository, tag, id, created, size, shared, containers }) =>
    [
      repository,
      tag,
      shortId(id),
      ago(created, now),
      humanSize(size),
      humanSize(shared, 4),
      humanSize(size - shared, 4),
      containers,
    ].join('\t'),
  );
  const containers = details.containers.map(({ id, image, command, volumes, size, created, name }) =>
    [
      shortId(id),
      image,
      quotedCommand(command, false),
      volumes,
      humanSize(size),
      ago(created, now),
      statusOf.get(id) ?? '',
      name,
    ].join('\t'),
  );
  const volumes = details.volumes.map(({ name, links, size }) => [name, links, humanSize(size)].join('\t'));
  return [
    'Images space usage:\n',
    layOut(['REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS', ...images]),
    '\nContainers space usage:\n',
    layOut(['CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES', ...containers]),
    '\nLocal Volumes space usage:\n',
    layOut(['VOLUME NAME\tLINKS\tSIZE', ...volumes]),
  ].join('\n');
}
