import { accessSync, chmodSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { errnoOf } from './errno.ts';
import { filesystemOf } from './filesystem.ts';
import { ensurePrivateDirectory, unusable } from './private-directory.ts';

/** Bytes: SQLite opens no file whose path has more than 512, and gives its files names that are longer than the database's. */
const LONGEST = 400;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface StateRoot {
  /** Absolute and free of links. */
  readonly path: string;
  /** By the name of mount(8). */
  readonly filesystem: string;
  /** What the user should hear once: that the state lies elsewhere than usual, and why. */
  readonly notice?: string;
}

/**
 * The state directory, made when it isn't there: `$WHERRY_ROOT`, else /var/lib/wherry for root, else
 * ~/.local/share/wherry; in place of the last, when that is no local file system, `wherry-UID` in `$TMPDIR` or /var/tmp.
 * @throws WherryError `E_STATE_DIRECTORY`, `E_UNSAFE_DIRECTORY`
 */
export function openStateRoot(env: Environment, uid: number, asked?: string): StateRoot {
  const own = asked ?? (env.WHERRY_ROOT || undefined);
  if (own !== undefined) return settled(resolve(own), uid);
  // Root of a user namespace is no root of the machine, and owns no /var/lib.
  if (uid === 0 && isOwnDirectory('/var/lib', uid)) return settled('/var/lib/wherry', uid);
  const home = join(env.HOME || homedir(), '.local/share/wherry');
  const filesystem = filesystemOf(nearestExisting(home));
  if (!filesystem.remote) return settled(home, uid);
  const path = join(localDirectory(env), `wherry-${uid}`);
  const made = ensurePrivateDirectory(path, uid);
  const root = settled(path, uid);
  if (!made) return root;
  const notice = `Images and containers are kept in ${root.path}, as ${home} lies on ${filesystem.name}, which can't hold a container's files.`;
  return { ...root, notice };
}

function settled(path: string, uid: number): StateRoot {
  refuseLong(path);
  // A state directory that the user names may be reached by a link; what it leads to has to be theirs.
  if (isOwnDirectory(path, uid)) closeToOthers(path);
  else ensurePrivateDirectory(path, uid);
  // By realpath(3): the one written in JavaScript takes longer than all else here.
  const real = realpathSync.native(path);
  refuseLong(real);
  return { path: real, filesystem: filesystemOf(real).name };
}

function refuseLong(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= LONGEST) return;
  throw new WherryError(
    `The path of the state directory ${path} is too long: ${length} bytes, where ${LONGEST} can be used.`,
    { code: 'E_STATE_DIRECTORY', hint: 'Name a shorter one with WHERRY_ROOT.' },
  );
}

/** @throws WherryError `E_STATE_DIRECTORY` when the user may not look, as below /root where `su` has left HOME alone */
function isOwnDirectory(path: string, uid: number): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isDirectory() === true && stat.uid === uid;
  } catch (error) {
    throw unusable(path, error);
  }
}

/** A umask of 002 is common, and lets the group write. */
function closeToOthers(path: string): void {
  const { mode } = statSync(path);
  if ((mode & 0o022) !== 0) chmodSync(path, mode & 0o7755);
}

function localDirectory(env: Environment): string {
  const candidates = [env.TMPDIR, '/var/tmp', '/tmp'].filter((each) => each !== undefined && each !== '');
  for (const candidate of candidates as string[]) {
    try {
      accessSync(candidate, constants.W_OK | constants.X_OK);
      if (!filesystemOf(candidate).remote) return realpathSync(candidate);
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EROFS', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
  throw new WherryError(`None of ${candidates.join(', ')} is a local directory that can be written to.`, {
    code: 'E_STATE_DIRECTORY',
    hint: 'Name a directory on a local disk with WHERRY_ROOT.',
  });
}

function nearestExisting(path: string): string {
  let current = path;
  while (!existsSync(current)) current = dirname(current);
  return current;
}
