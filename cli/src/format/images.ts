import { matchesGlob } from 'node:path';
import type { ImageSummary } from '@wherry/core/api';
import { WherryError } from '@wherry/core/errors';
import { parseMoment } from '../flags/time.ts';
import { anyOf, type Filters, labelsFit, parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';
import { ago, goTime, humanSize, shortId } from './units.ts';

export interface ImageListOptions {
  readonly noTrunc: boolean;
  readonly digests: boolean;
  readonly now: number;
}

/** Docker's columns and template fields of `images`. */
export function imageList({ noTrunc, digests, now }: ImageListOptions): ListFormat<ImageSummary> {
  return {
    columns: ['Repository', 'Tag', ...(digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
    headers: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      VirtualSize: 'SIZE',
      Containers: 'CONTAINERS',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
    },
    fields: (each) => ({
      ID: noTrunc ? each.id : shortId(each.id),
      Repository: each.repository,
      Tag: each.tag,
      Digest: each.digest === '' ? '<none>' : each.digest,
      CreatedSince: ago(each.created, now),
      CreatedAt: goTime(each.created),
      Size: humanSize(each.size),
      VirtualSize: humanSize(each.size, 4),
      // Docker counts these for `system df -v` alone, too.
      Containers: 'N/A',
      SharedSize: 'N/A',
      UniqueSize: 'N/A',
    }),
    raw: {
      repository: 'Repository',
      tag: 'Tag',
      image_id: 'ID',
      created_at: 'CreatedAt',
      virtual_size: 'Size',
    },
  };
}

export interface FilterImagesOptions {
  /** `images REPOSITORY[:TAG]`. */
  readonly name?: string | undefined;
  /** When the image of this name or id was made, for `before` and `since`. */
  readonly createdOf?: (reference: string) => string;
  /** ms. */
  readonly now?: number;
}

/** `images --filter`. @throws WherryError `E_FILTER`, `E_TIME` */
export function filterImages(
  all: readonly ImageSummary[],
  words: readonly string[],
  { name, createdOf = () => '', now = Date.now() }: FilterImagesOptions = {},
): ImageSummary[] {
  const filters = parseFilters(words, ['before', 'dangling', 'label', 'reference', 'since', 'until']);
  const dangling = danglingOf(filters);
  const moments = (filter: string, momentOf: (value: string) => string) =>
    (filters.get(filter) ?? []).map((value) => Date.parse(momentOf(value)));
  const ends = [...moments('before', createdOf), ...moments('until', (value) => parseMoment(value, now))];
  const starts = moments('since', createdOf);
  return all.filter(
    (each) =>
      (dangling === undefined || dangling === (each.repository === '<none>')) &&
      ends.every((end) => Date.parse(each.created) < end) &&
      starts.every((start) => Date.parse(each.created) > start) &&
      labelsFit(filters, each.labels) &&
      (name === undefined || referenceFits(each, name)) &&
      anyOf(filters, 'reference', (value) => referenceFits(each, value)),
  );
}

/** Undefined when it isn't asked for. @throws WherryError `E_FILTER` */
export function danglingOf(filters: Filters): boolean | undefined {
  return filters.get('dangling')?.map(toBoolean).at(-1);
}

function toBoolean(text: string): boolean {
  if (/^(1|true)$/i.test(text)) return true;
  if (/^(0|false)$/i.test(text)) return false;
  throw new WherryError(`invalid filter 'dangling=${text}'`, {
    code: 'E_FILTER',
    hint: 'Write dangling=true or dangling=false.',
  });
}

/** A repository, `repository:tag` or `repository@digest`, each with the shell's wildcards. */
function referenceFits({ repository, tag, digest }: ImageSummary, pattern: string): boolean {
  return [repository, `${repository}:${tag}`, `${repository}@${digest}`].some((name) =>
    matchesGlob(name, pattern),
  );
}
