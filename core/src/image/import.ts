import type { ImportRequest } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import { timestamp } from '../container/time.ts';
import { WherryError } from '../errors/error.ts';
import { decompress } from '../layer/decompress.ts';
import { parseReference, withDefaultTag } from '../reference/reference.ts';
import { assembleImage } from './assemble.ts';
import { changeConfig, type MutableConfig } from './config-change.ts';
import { makeLayer } from './make-layer.ts';
import { ownPlatform, parsePlatform } from './platform.ts';
import type { PullContext } from './pull.ts';
import { ImageTable } from './table.ts';

const MAX_BYTES = 2 ** 42;

/**
 * Makes an image of one layer of a tar archive of a file system, which may be compressed.
 * @returns its id
 * @throws WherryError `E_ARCHIVE`, `E_CHANGE`, `E_INVALID_REFERENCE`, `E_NO_SPACE`
 */
export async function importImage(context: PullContext, request: ImportRequest): Promise<string> {
  const { reference, signal } = request;
  const references = reference === undefined ? [] : [withDefaultTag(parseReference(reference))];
  const platform = request.platform === undefined ? ownPlatform() : parsePlatform(request.platform);
  const changed = (request.changes ?? []).reduce<MutableConfig>(changeConfig, {});
  const archive = decompress(request.source, 'archive', { maxSize: MAX_BYTES });
  const layer = await explained(makeLayer(context.store.temporary, archive));
  const created = timestamp();
  const config = Buffer.from(
    JSON.stringify({
      created,
      ...platform,
      config: changed,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created, comment: request.message ?? '' }],
    }),
  );
  try {
    const image = await explained(
      assembleImage(context, {
        name: reference ?? sha256(config),
        config,
        layers: [layer.descriptor],
        references,
        bring: () => layer.file.keep(context.blobs),
        signal,
      }),
    );
    if (references.length > 0) new ImageTable(context.store.database).noteTagged(image, created);
    return image;
  } finally {
    layer.file.discard();
  }
}

/** The reader of archives knows them as layers. */
async function explained<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof WherryError) || !/^E_LAYER_(CORRUPT|INVALID)$/.test(error.code)) throw error;
    throw new WherryError(`The archive can't be imported: ${error.message}`, {
      code: 'E_ARCHIVE',
      hint: 'Give a tar archive of a file system, plain or compressed by gzip, zstd, xz or bzip2; an image goes to wherry load.',
      exitCode: 1,
      cause: error,
    });
  }
}
