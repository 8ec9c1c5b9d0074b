import type { ImageConfig, ImageSummary } from '../api.ts';
import { familiarName, parseReference } from '../reference/reference.ts';
import type { ImageRow, ImageTable, NameRow } from './table.ts';

const NONE = '<none>';

/** As `docker images` lists them: newest first, a line for each tag, and for each repository of an image that is known by digest alone. */
export function listImages(table: ImageTable): ImageSummary[] {
  const names = Map.groupBy(table.names(), ({ image }) => image);
  const rows = table.rows();
  const parents = new Set(rows.map(({ parent }) => parent));
  return rows.flatMap((image) => linesOf(image, names.get(image.id) ?? [], parents.has(image.id)));
}

function linesOf(image: ImageRow, names: readonly NameRow[], isParent: boolean): ImageSummary[] {
  const labels = (JSON.parse(image.config) as ImageConfig).Labels ?? {};
  const intermediate = isParent && names.length === 0;
  const common = { id: image.id, created: image.created, size: image.size, labels, intermediate };
  if (names.length === 0) return [{ ...common, repository: NONE, tag: NONE, digest: image.manifest }];
  const tagged = new Set(names.filter(({ tag }) => tag !== null).map(({ repository }) => repository));
  return names
    .filter(({ tag, repository }) => tag !== null || !tagged.has(repository))
    .map(({ repository, tag, digest }) => ({
      ...common,
      repository: familiarName(parseReference(repository)),
      tag: tag ?? NONE,
      digest,
    }));
}
