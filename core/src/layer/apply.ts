import { WherryError } from '../errors/error.ts';
import { readable } from '../tree/failure.ts';
import type { LayerWriter, WhiteoutStyle } from '../tree/layer-writer.ts';
import type { BytePath } from '../tree/protocol.ts';
import type { TreeWorker } from '../tree/worker.ts';
import { type DecompressLimits, decompress } from './decompress.ts';
import { DigestMeter, digestMismatch, type Meter, SizeMeter } from './digest.ts';
import { corruptLayer, invalidLayer, TarError } from './error.ts';
import { Intake } from './intake.ts';
import { OwnersFile } from './owners.ts';
import type { IdMap } from './squash.ts';
import { TarReader } from './tar-reader.ts';
import { Unpacker } from './unpack.ts';

export interface ApplyRequest {
  /** The blob as it is stored or arrives. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly worker: TreeWorker;
  /** Absolute path of the tree's root, which exists. */
  readonly target: string;
  readonly style: WhiteoutStyle;
  readonly idMap: IdMap;
  /** Absolute path of the side file for what the tree can't hold; must not exist. Beside the tree, not in it. */
  readonly ownersFile: string;
  /** Paths recorded in the side files of the layers below, when the tree began as a copy of theirs. */
  readonly recordedBelow?: Iterable<BytePath>;
  /** Names the layer in messages, with its digest; `layer` when absent. */
  readonly name?: string;
  /** Digest of the blob, when the source doesn't verify it itself. */
  readonly expectedDigest?: string;
  /** Digest of the archive in the blob. */
  readonly expectedDiffId?: string;
  readonly limits: DecompressLimits;
  readonly signal?: AbortSignal;
  /** Bytes of the blob so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Waits for the disk at the end; not needed when `TreeWorker.sync` follows for all layers. */
  readonly sync?: boolean;
}

export interface AppliedLayer {
  /** Digest of the uncompressed archive. */
  readonly diffId: string;
  /** Bytes of the blob. */
  readonly size: number;
  readonly uncompressedSize: number;
  /** Members of the archive. */
  readonly entries: number;
  /** Bytes of file content written. */
  readonly written: number;
  /** Lines of the owners file; 0 when there is none. */
  readonly recorded: number;
  readonly warnings: readonly string[];
}

/**
 * Unpacks one layer. Receiving, hashing, decompressing, parsing and writing go on at the same time; memory stays bounded.
 * When it rejects, the tree is in no defined state: remove it. After an abort or an error the worker still serves, but
 * for aborts by its own signal.
 *
 * @throws WherryError `E_DIGEST_MISMATCH`, `E_LAYER_CORRUPT`, `E_LAYER_INVALID`, `E_LAYER_TOO_LARGE`, and those of the
 *   worker (`E_DISK_FULL` and others); the signal's reason after an abort.
 */
export async function applyLayer(request: ApplyRequest): Promise<AppliedLayer> {
  const { expectedDigest, expectedDiffId, signal, onProgress } = request;
  const name = request.name ?? (expectedDigest === undefined ? 'layer' : `layer ${expectedDigest}`);
  const blob = expectedDigest === undefined ? new SizeMeter() : new DigestMeter();
  const archive = new DigestMeter();
  const owners = new OwnersFile(request.ownersFile, request.recordedBelow);
  const writer = request.worker.apply(request.target, request.style, `unpacking the ${name}`);
  const unpacker = new Unpacker(writer, request.idMap, owners);
  const intake = new Intake(request.source, { meter: blob, signal, onProgress });
  try {
    await unpackTo({ tar: new TarReader(unpacker), intake, archive, writer, owners, name, request });
    if (blob instanceof DigestMeter && expectedDigest !== undefined) blob.verify(expectedDigest, 'layer');
    if (expectedDiffId !== undefined) archive.verify(expectedDiffId, 'uncompressed layer');
    const [counts] = await Promise.all([writer.end({ sync: request.sync ?? false }), owners.end()]);
    return {
      diffId: archive.digest,
      size: blob.size,
      uncompressedSize: archive.size,
      entries: unpacker.entries,
      written: counts.bytes,
      recorded: owners.count,
      warnings: warningsOf(unpacker, counts.refusedXattrs),
    };
  } catch (error) {
    await Promise.all([writer.cancel(), owners.close()]);
    throw await blamed(error, intake, blob, expectedDigest);
  } finally {
    await intake.close();
  }
}

interface Unpacking {
  readonly tar: TarReader;
  readonly intake: Intake;
  readonly archive: DigestMeter;
  readonly writer: LayerWriter;
  readonly owners: OwnersFile;
  readonly name: string;
  readonly request: ApplyRequest;
}

async function unpackTo({ tar, intake, archive, writer, owners, name, request }: Unpacking): Promise<void> {
  try {
    for await (const piece of decompress(intake, name, request.limits)) {
      archive.update(piece);
      tar.write(piece);
      await writer.ready();
      await owners.flush();
    }
    tar.end();
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw error.corrupt ? corruptLayer(name, error.message, error) : invalidLayer(name, error.message);
  }
  // What follows a compressed stream isn't its content, but belongs to the blob's digest.
  await intake.drain();
}

/** What was damaged on its way is told by its digest, and not by where the damage happened to strike. */
async function blamed(
  error: unknown,
  intake: Intake,
  blob: Meter,
  expected: string | undefined,
): Promise<unknown> {
  const damaged =
    error instanceof WherryError && (error.code === 'E_LAYER_CORRUPT' || error.code === 'E_LAYER_INVALID');
  if (!damaged || expected === undefined || !(blob instanceof DigestMeter)) return error;
  try {
    await intake.drain();
  } catch {
    // The source failed, too, so its digest says nothing; what came first stays the reason.
    return error;
  }
  return blob.digest === expected ? error : digestMismatch(expected, blob.digest, 'layer', error);
}

function warningsOf(unpacker: Unpacker, refused: number): string[] {
  const warnings = [...unpacker.dropped].map(
    ([name, count]) => `the extended attribute ${readable(name)} of ${count} files is left out`,
  );
  if (refused > 0) warnings.push(`the file system or the kernel refused ${refused} extended attributes`);
  return warnings;
}
