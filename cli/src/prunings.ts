import { parseMoment } from './flags/time.ts';
import { labelsFit, PRUNE_FLAG, parseFilters } from './format/filter.ts';
import { imagePruneRequest } from './format/image-prune.ts';
import { pruneNetworks } from './format/networks.ts';
import { pruneSelection } from './format/volumes.ts';
import type { Pruning } from './prune-command.ts';

/*
 * What `prune` removes of each kind. The filters are read before anything is asked or removed; `words` are those of `--filter`,
 * `now` is in milliseconds since the epoch. All throw WherryError `E_FILTER` and `E_TIME`.
 */

export function containerPruning(words: readonly string[], now: number): Pruning {
  const filters = parseFilters(words, ['until', 'label', 'label!'], PRUNE_FLAG);
  const before = (filters.get('until') ?? []).map((text) => Date.parse(parseMoment(text, now)));
  const without = filters.get('label!') ?? [];
  return {
    title: 'Deleted Containers',
    what: 'all stopped containers',
    async run({ containers }) {
      const { ids, reclaimed } = await containers.prune(
        ({ created, labels }) =>
          before.every((limit) => Date.parse(created) < limit) &&
          labelsFit(filters, labels) &&
          !without.some((wanted) => labelsFit(new Map([['label', [wanted]]]), labels)),
      );
      return { lines: ids, reclaimed };
    },
  };
}

export function networkPruning(words: readonly string[], now: number): Pruning {
  const select = pruneNetworks(words, now);
  return {
    title: 'Deleted Networks',
    what: 'all custom networks not used by at least one container',
    run: async ({ networks }) => ({ lines: await networks.prune(select) }),
  };
}

export function volumePruning(words: readonly string[], allFlag: boolean): Pruning {
  const { all, select } = pruneSelection(words, allFlag);
  return {
    title: 'Deleted Volumes',
    what: `${all ? 'all' : 'anonymous'} local volumes not used by at least one container`,
    async run({ volumes }) {
      const { names, reclaimed } = await volumes.prune(select);
      return { lines: names, reclaimed };
    },
  };
}

export function imagePruning(words: readonly string[], allFlag: boolean, now: number): Pruning {
  const request = imagePruneRequest(words, allFlag, now);
  return {
    title: 'Deleted Images',
    what: request.all
      ? 'all images without at least one container associated to them'
      : 'all dangling images',
    async run({ images }) {
      const { untagged, deleted, reclaimed } = await images.prune(request);
      const lines = [
        ...untagged.map((each) => `untagged: ${each}`),
        ...deleted.map((each) => `deleted: ${each}`),
      ];
      return { lines, reclaimed };
    },
  };
}

/** Of images that a registry has, too. */
export const cachePruning: Pruning = {
  title: 'Deleted blobs',
  what: 'all compressed layers that can be pulled again',
  async run({ images }) {
    const { digests, reclaimed } = await images.dropBlobs();
    return { lines: digests, reclaimed };
  },
};
