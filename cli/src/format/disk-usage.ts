import type { DiskUsage, UsageTotal } from '@wherry/core/api';
import { layOut } from '../table.ts';
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

/** `system df -v`: a table of each kind. `now` in milliseconds since the epoch. */
export function detailText({ details }: DiskUsage, now: number): string {
  const images = details.images.map(({ repository, tag, id, created, size, shared, containers }) =>
    [
      repository,
      tag,
      shortId(id),
      ago(created, now),
      humanSize(size),
      humanSize(shared),
      humanSize(size - shared),
      containers,
    ].join('\t'),
  );
  const containers = details.containers.map(({ id, image, size, running, name }) =>
    [shortId(id), image, humanSize(size), running ? 'running' : 'stopped', name].join('\t'),
  );
  const volumes = details.volumes.map(({ name, links, size }) => [name, links, humanSize(size)].join('\t'));
  return [
    'Images space usage:\n',
    layOut(['REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS', ...images]),
    '\nContainers space usage:\n',
    layOut(['CONTAINER ID\tIMAGE\tSIZE\tSTATE\tNAMES', ...containers]),
    '\nLocal Volumes space usage:\n',
    layOut(['VOLUME NAME\tLINKS\tSIZE', ...volumes]),
  ].join('\n');
}
