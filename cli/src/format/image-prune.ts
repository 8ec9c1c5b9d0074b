import type { PruneImagesRequest } from '@wherry/core/api';
import { parseMoment } from '../flags/time.ts';
import { PRUNE_FLAG, parseFilters } from './filter.ts';
import { danglingOf } from './images.ts';

/** `image prune -a` and `--filter`; `now` in ms. @throws WherryError `E_FILTER`, `E_TIME` */
export function imagePruneRequest(
  words: readonly string[],
  allFlag: boolean,
  now: number,
): PruneImagesRequest {
  const filters = parseFilters(words, ['dangling', 'label', 'label!', 'until'], PRUNE_FLAG);
  const until = filters.get('until')?.at(-1);
  return {
    all: allFlag || danglingOf(filters) === false,
    labels: filters.get('label') ?? [],
    withoutLabels: filters.get('label!') ?? [],
    ...(until === undefined ? {} : { until: parseMoment(until, now) }),
  };
}
