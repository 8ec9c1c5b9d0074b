import { type BlobDescriptor, withWholeBlob } from '../blob/blob-store.ts';
import { shortDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { familiarName, parseReference } from '../reference/reference.ts';
import type { MirroredRepository } from '../registry/mirrored.ts';
import { Lease } from '../store/lease.ts';
import { blobIsBack, originsOf } from './dropped-blobs.ts';
import type { PullContext } from './pull.ts';
import { openRepository } from './repository.ts';
import { Slots } from './slots.ts';
import { ImageTable } from './table.ts';

/** Docker's number of downloads at a time. */
const CONCURRENCY = 3;

export type FetchContext = Pick<PullContext, 'store' | 'blobs' | 'env' | 'uid' | 'retry'>;

/**
 * Has every blob of some images in the store and keeps it there: those that were given up are fetched again from where the images came
 * from. To be released when they aren't needed any more.
 * @throws WherryError `E_IMAGE_INCOMPLETE` when no registry has one, and those of the registry
 */
export async function bringBlobs(
  context: FetchContext,
  images: readonly string[],
  signal?: AbortSignal,
): Promise<Lease> {
  const { store, blobs } = context;
  const table = new ImageTable(store.database);
  const lease = new Lease(store.database);
  try {
    const wanted = new Map<string, BlobDescriptor>();
    for (const id of images) {
      lease.hold('blob', [id, table.row(id)?.manifest ?? id]);
      for (const { blob, size } of table.layersOf(id)) wanted.set(blob, { digest: blob, size });
    }
    lease.hold('blob', wanted.keys());
    const slots = new Slots(CONCURRENCY);
    const outcomes = await Promise.allSettled(
      [...wanted.values()]
        .filter((blob) => !blobs.has(blob))
        .map((blob) => slots.run(() => fetchBlob(context, blob, signal))),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return lease;
  } catch (error) {
    lease.release();
    throw error;
  }
}

/**
 * Fetches one blob, and keeps it; a lease must hold it.
 * @returns the repository that it came from, as people write it
 * @throws WherryError `E_IMAGE_INCOMPLETE`, and those of the registry
 */
export async function fetchBlob(
  context: FetchContext,
  blob: BlobDescriptor,
  signal?: AbortSignal,
): Promise<string> {
  return fromOrigins(context, blob.digest, signal, async (client) => {
    await withWholeBlob(async () => {
      for await (const _ of context.blobs.fetch(blob, (offset) => client.blob(blob, { offset })));
    });
    blobIsBack(context.store.database, blob.digest);
  });
}

/** The same for a manifest, which registries keep apart. */
export async function fetchManifest(
  context: FetchContext,
  digest: string,
  signal?: AbortSignal,
): Promise<string> {
  return fromOrigins(context, digest, signal, async (client) => {
    await context.blobs.write(digest, (await client.manifest(digest)).data);
  });
}

/** Tries one repository after the other; the first one's failure is the one that is told. */
async function fromOrigins(
  context: FetchContext,
  digest: string,
  signal: AbortSignal | undefined,
  fetch: (client: MirroredRepository) => Promise<void>,
): Promise<string> {
  let failure: { readonly error: unknown } | undefined;
  for (const repository of originsOf(context.store.database, digest)) {
    const reference = parseReference(repository);
    try {
      await using client = openRepository(context, reference, { signal });
      await fetch(client);
      return familiarName(reference);
    } catch (error) {
      signal?.throwIfAborted();
      failure ??= { error };
    }
  }
  throw failure === undefined ? noOrigin(digest) : failure.error;
}

function noOrigin(digest: string): WherryError {
  return new WherryError(
    `The blob ${shortDigest(digest)} is missing, and no registry is known that has it.`,
    {
      code: 'E_IMAGE_INCOMPLETE',
      hint: 'Pull or load the image again.',
      exitCode: 1,
    },
  );
}
