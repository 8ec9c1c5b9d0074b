import { refusedFlags } from '../errors/argument.ts';
import { usernsError } from './error.ts';
import { type Extent, ID_LIMIT } from './extent.ts';
import type { KeptIds } from './keep-id.ts';

/** One of `uidmapping=` or `gidmapping=`: `outside` is an id of the common namespace, or of the host. */
export interface AskedExtent extends Extent {
  readonly ofHost: boolean;
}

/** What `--userns` asks for (podman-run(1)). */
export type Userns =
  /** The common namespace, in which root is the user. */
  | { readonly kind: 'host' }
  /** The user has these ids inside. */
  | { readonly kind: 'keep-id'; readonly kept: KeptIds }
  /** The subordinate ids alone: the user isn't there. */
  | { readonly kind: 'nomap' }
  /** Subordinate ids that no other container with `auto` has. */
  | {
      readonly kind: 'auto';
      /** How many; by the image when absent. */
      readonly size: number | undefined;
      readonly uids: readonly AskedExtent[];
      readonly gids: readonly AskedExtent[];
    };

/** The same ids as on the host, or those given: `keep-id:uid=1000,gid=1000`. */
const KEEP_ID =
  /^keep-id(?::(?:uid=(?<uid>\d{1,9})|gid=(?<gid>\d{1,9}))(?:,(?:uid=(?<uid2>\d{1,9})|gid=(?<gid2>\d{1,9})))?)?$/;

/**
 * Reads `--userns`; the empty text is `host`. `own` are the ids of the calling user.
 * @throws WherryError `E_USERNS`
 */
export function parseUserns(text: string, own: KeptIds): Userns {
  if (text === '' || text === 'host') return { kind: 'host' };
  const auto = /^auto(?::(.*))?$/.exec(text);
  if (auto !== null) return parseAuto(text, auto[1]);
  const groups = KEEP_ID.exec(text)?.groups;
  if (text !== 'nomap' && groups === undefined) {
    const modes = 'host, keep-id, keep-id:uid=UID,gid=GID, auto, auto:size=N and nomap';
    const hint = `There are ${modes}, and not ${JSON.stringify(text)}.`;
    throw refusedFlags('--userns: invalid USER mode', hint, 'E_USERNS');
  }
  if (own.uid === 0) {
    throw usernsError(
      `--userns ${text.split(':')[0]} is not for root: containers of root never have the ids of the machine.`,
      'Run it as an ordinary user.',
    );
  }
  if (groups === undefined) return { kind: 'nomap' };
  const uid = groups.uid ?? groups.uid2;
  const gid = groups.gid ?? groups.gid2;
  const kept = {
    uid: uid === undefined ? own.uid : Number(uid),
    gid: gid === undefined ? own.gid : Number(gid),
  };
  return { kind: 'keep-id', kept };
}

function parseAuto(text: string, options: string | undefined): Userns {
  let size: number | undefined;
  const maps: Record<'uidmapping' | 'gidmapping', AskedExtent[]> = { uidmapping: [], gidmapping: [] };
  for (const option of options === undefined ? [] : options.split(',')) {
    const [name, value = ''] = option.split(/=(.*)/);
    if (name === 'size' && /^[1-9]\d{0,9}$/.test(value) && Number(value) < ID_LIMIT) size = Number(value);
    else if (name === 'uidmapping' || name === 'gidmapping') maps[name].push(parseExtent(text, value));
    else
      throw invalid(text, 'auto takes size=N, uidmapping=CONTAINER:HOST:N and gidmapping=CONTAINER:HOST:N');
  }
  for (const map of Object.values(maps)) {
    const twice = map.some((one, i) => map.some((other, j) => i < j && overlap(one, other)));
    if (twice) throw invalid(text, 'two mappings have an id of the container in common');
  }
  return { kind: 'auto', size, uids: maps.uidmapping, gids: maps.gidmapping };
}

/** `CONTAINER:HOST:N`; with `@` before it, HOST is an id of the machine, and else one of the common namespace. */
function parseExtent(text: string, value: string): AskedExtent {
  const [, inside, host, outside, count] = /^(\d{1,10}):(@?)(\d{1,10}):(\d{1,10})$/.exec(value) ?? [];
  const extent = { inside: Number(inside), outside: Number(outside), count: Number(count) };
  const fits = extent.inside + extent.count < ID_LIMIT && extent.outside + extent.count < ID_LIMIT;
  if (inside === undefined || extent.count === 0 || !fits) {
    throw invalid(text, `${JSON.stringify(value)} is no CONTAINER:HOST:N`);
  }
  return { ...extent, ofHost: host === '@' };
}

function overlap(one: Extent, other: Extent): boolean {
  return one.inside < other.inside + other.count && other.inside < one.inside + one.count;
}

function invalid(text: string, reason: string) {
  return refusedFlags(
    `Invalid --userns "${text}": ${reason}.`,
    'Leave it out to be root inside and yourself on the host.',
    'E_USERNS',
  );
}
