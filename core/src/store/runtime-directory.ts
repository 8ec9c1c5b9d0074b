import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDirectory } from './private-directory.ts';
import type { Environment } from './root.ts';
import { sha256OfText } from './sha256.ts';

/**
 * The directory of what must be gone after a reboot, made when it isn't there. It goes by the state directory, so that
 * two of these never share a user namespace, and by the user namespace that we are in: one above ours can't be joined. Every command of a user has to come to the same place, with `$XDG_RUNTIME_DIR`
 * in its environment or without (cron, su), hence the look at /run/user.
 * @param root the state directory, free of links
 * @throws WherryError `E_UNSAFE_DIRECTORY`
 */
export function openRuntimeDirectory(root: string, env: Environment, uid: number): string {
  // Free of links, as the launcher follows none on the way to what a driver named.
  const base = realpathSync.native(sessionDirectory(env, uid) ?? temporaryDirectory(uid));
  const parent = join(base, 'wherry');
  const path = join(parent, sha256OfText(`${root}\0${readlinkSync('/proc/self/ns/user')}`).slice(0, 12));
  ensurePrivateDirectory(parent, uid);
  ensurePrivateDirectory(path, uid);
  return path;
}

function sessionDirectory(env: Environment, uid: number): string | undefined {
  // Ids that root's containers are mapped to can't pass through /run/user/0. In a user namespace /run isn't root's.
  const system = uid === 0 ? '/run' : undefined;
  const candidates = [system, env.XDG_RUNTIME_DIR, `/run/user/${uid}`];
  return candidates.find((each) => each && isOwnDirectory(each, uid));
}

function isOwnDirectory(path: string, uid: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o022) === 0;
}

function temporaryDirectory(uid: number): string {
  const path = `/tmp/wherry-run-${uid}`;
  ensurePrivateDirectory(path, uid);
  return path;
}
