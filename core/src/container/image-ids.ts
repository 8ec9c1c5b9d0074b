import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Drivers } from '../plugin/drivers.ts';
import { errnoOf } from '../store/errno.ts';
import { parseGroup, parsePasswd } from '../user/database.ts';
import type { ContainerContext } from './context.ts';
import { imageView } from './image-view.ts';
import { cacheDirectory } from './machine.ts';
import { readUserFiles } from './user-files.ts';
import { withWorker } from './worker.ts';

/** That of `nobody`, which every distribution lists, and which few files belong to; what is beyond it is no system's user. */
const NOBODY = 65534;

/**
 * How many ids, from 0 on, it takes for all owners of an image's files, and for the users and groups that its /etc/passwd and
 * /etc/group list below nobody. Kept, as an image never changes.
 * @param topLayer chain id
 */
export async function idsOfImage(
  context: ContainerContext,
  drivers: Drivers,
  storageDriver: string,
  topLayer: string,
): Promise<number> {
  const path = join(cacheDirectory(context.store, 'image-ids'), topLayer.replace(/[^A-Za-z0-9]/g, '-'));
  const kept = readNumber(path);
  if (kept !== undefined) return kept;
  const { trees } = imageView(context, drivers, storageDriver, topLayer);
  const count = await withWorker(context, async (worker) => {
    const { highest } = await worker.usage(trees);
    const { passwd, group } = await readUserFiles(worker, trees);
    const listed = [
      ...parsePasswd(passwd).flatMap(({ uid, gid }) => [uid, gid]),
      ...parseGroup(group).map(({ gid }) => gid),
    ];
    const wanted = listed.filter((id) => id < NOBODY);
    return 1 + wanted.reduce((most, id) => Math.max(most, id), Math.max(highest.uid, highest.gid));
  });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, String(count), { mode: 0o600 });
  renameSync(draft, path);
  return count;
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
