import type { ResolvedImage } from '../api.ts';
import { isDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import {
  familiarReference,
  hasRegistry,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../reference/reference.ts';
import { candidatesOf } from '../reference/short-name.ts';
import type { ImageRow, ImageTable, NameRow } from './table.ts';

/** An image, and the name by which it was found, if it was by one. */
export interface Found {
  readonly image: ImageRow;
  readonly name: NameRow | undefined;
}

/**
 * Finds an image by name, by id, by the beginning of its id, or by its digest; names come first, as in Docker.
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_INVALID_REFERENCE`
 */
export function findImage(table: ImageTable, text: string): Found {
  const digits = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
  const byName = isId(text) ? undefined : named(table, text);
  if (byName !== undefined) return byName;
  const ids = digits === undefined ? [] : table.idsByPrefix(digits);
  if (ids.length > 1) {
    throw new WherryError(`The image id ${text} is ambiguous: ${ids.length} images begin so.`, {
      code: 'E_IMAGE_AMBIGUOUS',
      hint: 'Give more digits of the id: wherry images --no-trunc shows it in full.',
    });
  }
  // What `pull -q` prints is the digest of a manifest, or of an index of them.
  const id = ids[0] ?? (isDigest(text) ? table.idByDigest(text) : undefined);
  const image = id === undefined ? undefined : table.row(id);
  if (image !== undefined) return { image, name: undefined };
  const shown = isId(text) ? text : familiarReference(withDefaultTag(parseReference(text)));
  throw new WherryError(`No such image: ${shown}`, {
    code: 'E_IMAGE_NOT_FOUND',
    hint: `See the images that are here with "wherry images", or fetch it with "wherry pull ${text}".`,
  });
}

/** As `create` needs it. */
export function resolveImage(table: ImageTable, text: string): ResolvedImage {
  const { image } = findImage(table, text);
  return {
    id: image.id,
    reference: text,
    architecture: image.architecture,
    os: image.os,
    config: JSON.parse(image.config),
    chain: JSON.parse(image.chain),
  };
}

/** What can be no name: an id in full. */
function isId(text: string): boolean {
  return /^(sha256:[0-9a-f]+|[0-9a-f]{64})$/.test(text);
}

/** In the search order; a name that was given here (`commit`, `tag`) is one of Docker Hub's, whatever that order is. */
function named(table: ImageTable, text: string): Found | undefined {
  const own = parseReference(text);
  const candidates = hasRegistry(text) ? [own] : [...candidatesOf(text, table.search), own];
  for (const candidate of candidates) {
    const found = byReference(table, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

function byReference(table: ImageTable, reference: Reference): Found | undefined {
  // A digest says it all; a tag beside it is not looked at, as in Docker.
  const { domain, path, digest } = reference;
  const name = table.byName(digest === undefined ? withDefaultTag(reference) : { domain, path, digest });
  const image = name === undefined ? undefined : table.row(name.image);
  return image === undefined ? undefined : { image, name };
}
