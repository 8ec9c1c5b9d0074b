import { createHash } from 'node:crypto';
import type { PrivateIds } from '../idmap/private-ids.ts';

/** The owners that the files of a copied layer have. */
export type LayerIds = Pick<PrivateIds, 'uids' | 'gids'>;

/** The name of a layer's copy for a container's ids: the same for the same ids, so that containers share it. */
export function mappedName(chainId: string, { uids, gids }: LayerIds): string {
  return `${chainId}.${createHash('sha256')
    .update(JSON.stringify([uids, gids]))
    .digest('hex')
    .slice(0, 16)}`;
}

/** Whether a layer is such a copy: a chain id has no dot. */
export function isMappedName(name: string): boolean {
  return name.includes('.');
}
