import { createHash } from 'node:crypto';
import { GzipWriter } from '../layer/gzip-writer.ts';
import type { Temporary } from '../store/temporary.ts';
import { BlobFile } from './blob-file.ts';
import type { Descriptor } from './manifest.ts';

export interface MadeLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
  /** To be kept as a blob, or discarded. */
  readonly file: BlobFile;
}

/** A layer of an uncompressed tar archive, compressed by gzip. @param onProgress told how many bytes of it have been read */
export async function makeLayer(
  temporary: Temporary,
  archive: AsyncIterable<Uint8Array>,
  onProgress?: (bytes: number) => void,
): Promise<MadeLayer> {
  const diff = createHash('sha256');
  const file = new BlobFile(temporary, 'the new layer');
  let read = 0;
  const gzip = new GzipWriter((bytes) => file.write(bytes));
  try {
    for await (const piece of archive) {
      diff.update(piece);
      read += piece.length;
      onProgress?.(read);
      await gzip.write(piece);
    }
    await gzip.end();
    file.end();
  } catch (error) {
    gzip.destroy();
    file.discard();
    throw error;
  }
  return {
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: file.digest,
      size: file.size,
    },
    diffId: `sha256:${diff.digest('hex')}`,
    file,
  };
}
