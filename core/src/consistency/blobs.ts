import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import type { BlobDescriptor, BlobStore } from '../blob/blob-store.ts';
import { isDigest, shortDigest } from '../blob/digest.ts';
import { isDropped } from '../image/dropped-blobs.ts';
import { type FetchContext, fetchBlob, fetchManifest } from '../image/fetch-blobs.ts';
import type { Database } from '../store/database.ts';
import { dropDeadLeases, Lease } from '../store/lease.ts';
import type { Fault, Findings } from './fault.ts';
import { imageNames } from './names.ts';

/** A blob that an image needs. */
interface Wanted {
  readonly digest: string;
  readonly role: 'configuration' | 'manifest' | 'layer';
  /** Bytes; unknown for a configuration. */
  readonly size: number | undefined;
  readonly image: string;
}

/**
 * Compares the blobs with what the images need: each is there and has its size, and its digest when it is looked at thoroughly. What
 * nothing needs is a leftover.
 */
export async function checkBlobs(
  context: FetchContext,
  { thorough }: { readonly thorough: boolean },
): Promise<Findings> {
  const { blobs, store } = context;
  // Listed before the records are read: what is added meanwhile is recorded, or held, by then.
  const present = blobs.list();
  const wanted = wantedBlobs(store.database);
  const held = heldBlobs(store.database);
  const names = imageNames(store.database);
  const faults: Fault[] = [];
  for (const each of wanted.values()) {
    const wrong = await faultOf(blobs, store.database, each, thorough);
    if (wrong === undefined) continue;
    const message = `The ${each.role} ${each.digest} of image ${names(each.image)} ${wrong}.`;
    faults.push({ kind: 'blob', subject: each.digest, message, mend: () => restore(context, each) });
  }
  for (const digest of present) {
    if (wanted.has(digest) || held.has(digest)) continue;
    faults.push({
      kind: 'leftover',
      subject: digest,
      message: isDigest(digest)
        ? `The blob ${digest} is of no image.`
        : `The file ${blobs.path(digest)} is no blob.`,
      mend: async () => removeUnused(context, digest),
    });
  }
  return { count: wanted.size, faults };
}

function wantedBlobs(database: Database): ReadonlyMap<string, Wanted> {
  const rows = database.all<{
    digest: string;
    role: Wanted['role'];
    size: number | null;
    image: string;
  }>(
    `SELECT blob AS digest, 'layer' AS role, size, image FROM image_layer
     UNION ALL SELECT id, 'configuration', NULL, id FROM image
     UNION ALL SELECT manifest, 'manifest', manifest_size, id FROM image`,
  );
  return new Map(rows.map((row) => [row.digest, { ...row, size: row.size ?? undefined }]));
}

function heldBlobs(database: Database): ReadonlySet<string> {
  return database.transaction(() => {
    dropDeadLeases(database);
    const rows = database.all<{ name: string }>("SELECT name FROM lease_item WHERE kind = 'blob'");
    return new Set(rows.map(({ name }) => name));
  });
}

/** Completes "The layer X of image Y …"; undefined when all is well. */
async function faultOf(
  blobs: BlobStore,
  database: Database,
  { digest, size }: Wanted,
  thorough: boolean,
): Promise<string | undefined> {
  const stat = statSync(blobs.path(digest), { throwIfNoEntry: false });
  if (stat === undefined) return isDropped(database, digest) ? undefined : 'is missing';
  if (!stat.isFile()) return 'is no file';
  if (size !== undefined && stat.size !== size) return `has ${stat.size} bytes in the place of ${size}`;
  if (!thorough) return undefined;
  const hash = createHash(digest.slice(0, digest.indexOf(':')));
  for await (const piece of blobs.read(digest)) hash.update(piece);
  return digest.endsWith(`:${hash.digest('hex')}`) ? undefined : 'has not the content that its digest says';
}

/** Away with what is wrong, so that nothing builds on it, and a good one from where the image came from. */
async function restore(context: FetchContext, { digest, role, size }: Wanted): Promise<string> {
  const { blobs, store } = context;
  using lease = new Lease(store.database);
  lease.hold('blob', [digest]);
  rmSync(blobs.path(digest), { recursive: true, force: true });
  if (role === 'manifest') return `It has been fetched again from ${await fetchManifest(context, digest)}.`;
  const descriptor: BlobDescriptor = { digest, size: size ?? configSize(context, digest) };
  return `It has been fetched again from ${await fetchBlob(context, descriptor)}.`;
}

/** As the manifest says it, which has been mended by then. */
function configSize({ store, blobs }: FetchContext, id: string): number {
  const row = store.database.get<{ manifest: string }>('SELECT manifest FROM image WHERE id = ?', id);
  const text = row && blobs.readText(row.manifest);
  const size =
    text === undefined ? undefined : (JSON.parse(text) as { config?: { size?: unknown } }).config?.size;
  if (typeof size === 'number') return size;
  throw new Error(`The manifest of image ${shortDigest(id)}, which tells of its configuration, is missing.`);
}

/** Unless something has begun to need it. */
function removeUnused({ blobs, store }: FetchContext, digest: string): string {
  return store.database.transaction(() => {
    if (wantedBlobs(store.database).has(digest) || heldBlobs(store.database).has(digest))
      return 'Something needs it by now; it stays.';
    rmSync(blobs.path(digest), { recursive: true, force: true });
    return 'It has been removed.';
  });
}
