import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTable } from '../container/facts.ts';
import type { IdmapChoice } from './choose.ts';
import { type Extent, parseIdMap } from './extent.ts';

export interface HeldMap {
  readonly uids: readonly Extent[];
  readonly gids: readonly Extent[];
}

/**
 * The map of the user namespace that a holder keeps now (launcher/PROGRAM.md, "The user namespace's holder"); undefined
 * when there is none.
 * @param directory the holder's
 */
export function readHeldMap(directory: string): HeldMap | undefined {
  try {
    const [pid = '', startTime] = readFileSync(join(directory, 'holder.lock'), 'utf8').trim().split(' ');
    if (pid === '' || processTable().startTime(Number(pid)) !== startTime) return undefined;
    const [uids, gids] = ['uid_map', 'gid_map'].map((name) =>
      parseIdMap(readFileSync(`/proc/${pid}/${name}`, 'utf8')),
    );
    return uids?.length && gids?.length ? { uids, gids } : undefined;
  } catch {
    // It has never been, or it has just ended.
    return undefined;
  }
}

/**
 * The map to plan with. Containers share one user namespace: as long as it is kept, what comes later joins it, whatever the
 * administrator has granted or taken meanwhile.
 */
export function mapInForce(chosen: IdmapChoice, held: HeldMap | undefined): IdmapChoice {
  if (held === undefined || chosen.mode === 'root-range') return chosen;
  if (sameMap(chosen.uids, held.uids) && sameMap(chosen.gids, held.gids)) return chosen;
  if (held.uids.length === 1 && held.uids[0]?.count === 1) {
    const reason = 'containers that run were started with the single id; stop all of them to use the range';
    return { mode: 'single-id', ...held, reason };
  }
  const helpers = { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' };
  return { mode: 'range', ...held, helpers: chosen.mode === 'range' ? chosen.helpers : helpers };
}

function sameMap(one: readonly Extent[], other: readonly Extent[]): boolean {
  return textOf(one) === textOf(other);
}

/** The kernel may list extents in another order than they were written in. */
function textOf(map: readonly Extent[]): string {
  return map
    .map(({ inside, outside, count }) => `${inside} ${outside} ${count}`)
    .sort()
    .join();
}
