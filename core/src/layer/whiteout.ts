import type { BytePath } from '../tree/protocol.ts';
import { refused } from './path.ts';

/** image-spec, layer.md, "Whiteouts". */
const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** What AUFS kept for itself; engines leave it out. */
const META_PREFIX = '.wh..wh.';

export type Whiteout =
  /** Lower layers' file or directory at `path` is deleted. */
  | { readonly kind: 'whiteout'; readonly path: BytePath }
  /** All that lower layers have in the directory `path` is deleted. */
  | { readonly kind: 'opaque'; readonly path: BytePath }
  | { readonly kind: 'meta' };

/**
 * What a member's name means: a deletion, or undefined for an ordinary name.
 *
 * @param path Cleaned.
 * @throws TarError for a whiteout of `.` or `..`.
 */
export function parseWhiteout(path: BytePath): Whiteout | undefined {
  const slash = path.lastIndexOf('/');
  if (!path.startsWith(PREFIX, slash + 1)) return undefined;
  const parent = slash < 0 ? '' : path.slice(0, slash);
  const name = path.slice(slash + 1);
  if (name === OPAQUE) return { kind: 'opaque', path: parent };
  if (name.startsWith(META_PREFIX)) return { kind: 'meta' };
  const victim = name.slice(PREFIX.length);
  if (victim === '' || victim === '.' || victim === '..') throw refused(path, 'deletes no file');
  return { kind: 'whiteout', path: parent === '' ? victim : `${parent}/${victim}` };
}

/** The name under which a layer deletes `path`. */
export function whiteoutName(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash + 1)}${PREFIX}${path.slice(slash + 1)}`;
}

/** The name under which a layer hides what lower layers have in the directory `path`. */
export function opaqueName(path: BytePath): BytePath {
  return path === '' ? OPAQUE : `${path}/${OPAQUE}`;
}
