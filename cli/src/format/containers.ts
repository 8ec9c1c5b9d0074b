import type { ContainerSummary } from '@wherry/core/api';
import { anyOf, labelsFit, parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';
import { ago, ellipsis, goTime, shortId } from './units.ts';

const COMMAND_LENGTH = 20;

/** Docker's columns and template fields of `ps`. */
export function containerList({
  noTrunc,
  now,
  size = false,
  sizes,
}: {
  readonly noTrunc: boolean;
  readonly now: number;
  /** Whether there is a column of sizes. */
  readonly size?: boolean;
  /** By id, where they are wanted: they take time. */
  readonly sizes?: ReadonlyMap<string, string>;
}): ListFormat<ContainerSummary> {
  return {
    columns: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(size ? ['Size'] : [])],
    headers: {
      ID: 'CONTAINER ID',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Status: 'STATUS',
      State: 'STATE',
      Ports: 'PORTS',
      Names: 'NAMES',
      Labels: 'LABELS',
      Size: 'SIZE',
    },
    fields: (each, wanted) => ({
      ID: noTrunc ? each.id : shortId(each.id),
      Image: imageName(each, noTrunc),
      Command: wanted('Command') && quotedCommand(each.command, noTrunc),
      CreatedAt: wanted('CreatedAt') && goTime(each.created),
      RunningFor: wanted('RunningFor') && ago(each.created, now),
      Status: each.status,
      State: each.state,
      Ports: each.ports,
      Names: each.name,
      Size: sizes?.get(each.id) ?? '0B',
      Labels: wanted('Labels') && labelsText(each.labels),
      Label: (name: string) => each.labels[name] ?? '',
    }),
  };
}

/** A command in quotes, cut to Docker's length unless it is wanted whole. */
export function quotedCommand(command: string, whole: boolean): string {
  return JSON.stringify(whole ? command : ellipsis(command, COMMAND_LENGTH));
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The name it was made by; an image that has only its id left shows the id, shortened. */
function imageName({ image, imageId }: ContainerSummary, noTrunc: boolean): string {
  if (image !== '' && image !== imageId) return image;
  return noTrunc ? imageId : shortId(imageId);
}

const FILTERS = ['ancestor', 'exited', 'health', 'id', 'label', 'name', 'status'];

/** `ps --filter`. @throws WherryError `E_FILTER` */
export function filterContainers(
  all: readonly ContainerSummary[],
  words: readonly string[],
): ContainerSummary[] {
  const filters = parseFilters(words, FILTERS);
  if (filters.size === 0) return [...all];
  return all.filter(
    (each) =>
      anyOf(filters, 'id', (value) => each.id.startsWith(value)) &&
      anyOf(filters, 'name', (value) => nameFits(each.name, value)) &&
      anyOf(filters, 'status', (value) => each.state === value) &&
      anyOf(filters, 'exited', (value) => each.state === 'exited' && each.exitCode === Number(value)) &&
      anyOf(filters, 'health', (value) => (each.health ?? 'none') === value) &&
      anyOf(filters, 'ancestor', (value) => isAncestor(each, value)) &&
      labelsFit(filters, each.labels),
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
