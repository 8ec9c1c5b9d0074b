import { EXIT, WherryError } from '../errors/error.ts';
import type { IdmapChoice } from './choose.ts';
import { type Extent, splitByParent, toOutside } from './extent.ts';

/** The ids that the user has inside, with `--userns keep-id`. */
export interface KeptIds {
  readonly uid: number;
  readonly gid: number;
}

/** The same ids as on the host, or those given: `keep-id:uid=1000,gid=1000`. */
const KEEP_ID =
  /^keep-id(?::(?:uid=(?<uid>\d{1,9})|gid=(?<gid>\d{1,9}))(?:,(?:uid=(?<uid2>\d{1,9})|gid=(?<gid2>\d{1,9})))?)?$/;

/**
 * Reads `--userns`. `own` are the ids of the calling user.
 * @throws WherryError `E_USERNS`
 */
export function parseUserns(text: string, own: KeptIds): KeptIds | undefined {
  // As podman has it for a user: the common namespace, in which root is the user.
  if (text === '' || text === 'host') return undefined;
  if (/^(auto|nomap)(:|$)/.test(text)) {
    throw usernsError(
      `--userns ${text} can't be had: the files of an image would have to belong to other ids than those they were written with, and the kernel maps the owners of a mount for root alone (mount_setattr(2) with MOUNT_ATTR_IDMAP: EPERM on the file system of the host, EINVAL on an overlay of yours).`,
      'Leave it out, or give keep-id to be yourself inside; run containers that must not touch each other as different users.',
    );
  }
  const groups = KEEP_ID.exec(text)?.groups;
  if (groups === undefined) {
    throw usernsError(
      `Invalid --userns "${text}": there are host, keep-id, and keep-id:uid=UID,gid=GID.`,
      'Leave it out to be root inside and yourself on the host.',
    );
  }
  if (own.uid === 0) {
    throw usernsError(
      '--userns keep-id is not for root: containers of root never have the ids of the machine.',
      'Run it as an ordinary user.',
    );
  }
  const uid = groups.uid ?? groups.uid2;
  const gid = groups.gid ?? groups.gid2;
  return { uid: uid === undefined ? own.uid : Number(uid), gid: gid === undefined ? own.gid : Number(gid) };
}

/**
 * The map of a user namespace below the common one in which the user has the id `kept` in place of 0. The two change places,
 * so that all other ids are those the image's files were written with; where the common one ends below `kept`, its last
 * id becomes root's. With a single id, there is nothing but `kept`.
 *
 * @param common The map of the common namespace.
 */
export function keepIdMap(common: readonly Extent[], kept: number): readonly Extent[] {
  const count = common.reduce((most, each) => Math.max(most, each.inside + each.count), 0);
  if (count === 1) return [{ inside: kept, outside: 0, count: 1 }];
  if (kept === 0) return [{ inside: 0, outside: 0, count }].flatMap((map) => splitByParent([map], common));
  const last = Math.min(kept, count - 1);
  const map = [
    { inside: 0, outside: last, count: 1 },
    { inside: 1, outside: 1, count: last - 1 },
    { inside: kept, outside: 0, count: 1 },
    { inside: last + 1, outside: last + 1, count: count - last - 1 },
  ];
  return splitByParent(
    map.filter((extent) => extent.count > 0),
    common,
  );
}

/** Maps of both kinds, for `own-ids` of a launch program. */
export function keepIdMaps(
  { uids, gids }: Pick<IdmapChoice, 'uids' | 'gids'>,
  kept: KeptIds,
): { readonly uids: readonly Extent[]; readonly gids: readonly Extent[] } {
  return { uids: keepIdMap(uids, kept.uid), gids: keepIdMap(gids, kept.gid) };
}

/** An id of the container in the common namespace. @throws WherryError `E_USERNS` for one that isn't mapped */
export function toCommon(map: readonly Extent[], id: number): number {
  const found = toOutside(map, id);
  if (found !== undefined) return found;
  throw usernsError(`The id ${id} isn't mapped in the container.`, 'wherry info   says which ids there are.');
}

function usernsError(sentence: string, hint: string): WherryError {
  return new WherryError(sentence, { code: 'E_USERNS', hint, exitCode: EXIT.engine });
}
