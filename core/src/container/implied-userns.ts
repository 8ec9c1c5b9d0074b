import { statSync } from 'node:fs';
import type { CreateRequest } from '../api.ts';
import type { KeptIds } from '../idmap/keep-id.ts';

/**
 * The `--userns` of a container that names none. `-u $(id -u):$(id -g) -v $PWD:/work` is how users of Docker say that what is
 * written to a directory of theirs is to be theirs. Here these ids inside would be some of the subordinate ones, to whom the
 * directory is closed; so whoever asks for just the ids that they have, and brings something of their own to write to,
 * keeps them (`keep-id`). Root's ids are never those of the machine.
 * @param own the caller's ids
 */
export function impliedUserns(
  { user, mounts = [] }: Pick<CreateRequest, 'user' | 'mounts'>,
  own: KeptIds,
): 'keep-id' | undefined {
  const [, uid, gid = own.gid] = /^(\d+)(?::(\d+))?$/.exec(user ?? '') ?? [];
  if (own.uid === 0 || Number(uid) !== own.uid || Number(gid) !== own.gid) return undefined;
  const theirs = mounts.some(
    (mount) => mount.kind === 'bind' && !mount.readOnly && belongsTo(mount.source, own.uid),
  );
  return theirs ? 'keep-id' : undefined;
}

/** So does what is going to be made. */
function belongsTo(path: string, uid: number): boolean {
  try {
    return (statSync(path, { throwIfNoEntry: false })?.uid ?? uid) === uid;
  } catch {
    return false;
  }
}
