import { rm } from 'node:fs/promises';
import { WherryError } from '../errors/error.ts';
import { applyLayer } from '../layer/apply.ts';
import { packTree } from '../layer/pack.ts';
import type { IdMap } from '../layer/squash.ts';
import { volumeSource } from './options.ts';
import type { VolumeRow } from './table.ts';
import type { VolumeContext } from './volumes.ts';

export interface ArchiveContext extends VolumeContext {
  /** Ids of the containers' user namespace. */
  readonly idMap: () => IdMap;
}

/**
 * A volume's files as a tar archive, with ids as containers see them. What containers write meanwhile may be in it or not.
 * @throws WherryError `E_VOLUME_NO_FILES` for a volume in memory
 */
export async function* exportVolume(context: ArchiveContext, volume: VolumeRow): AsyncGenerator<Uint8Array> {
  const root = filesOf(context, volume);
  // A generator can't yield from within a callback: the worker is handed out, and let go at the end.
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<AsyncGenerator<Uint8Array>>();
  const work = context.withWorker(async (worker) => {
    resolve(packTree({ worker, root, style: 'apply', includeRoot: true }));
    await over;
  });
  work.catch(reject);
  try {
    yield* await ready;
  } finally {
    end();
    await work;
  }
}

/**
 * Writes the members of a tar archive, plain or compressed by gzip or zstd, into a volume, over what has the same names.
 * @throws WherryError `E_VOLUME_ARCHIVE`, `E_VOLUME_NO_FILES`, and those of the worker (`E_DISK_FULL` and others)
 */
export async function importVolume(
  context: ArchiveContext,
  volume: VolumeRow,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = filesOf(context, volume);
  const ownersFile = context.store.temporary.path();
  try {
    await context.withWorker((worker) =>
      applyLayer({
        source: archive,
        worker,
        target,
        style: 'apply',
        idMap: context.idMap(),
        ownersFile,
        limits: { maxSize: Number.MAX_SAFE_INTEGER },
        sync: true,
      }),
    );
  } catch (error) {
    throw explain(error);
  } finally {
    await rm(ownersFile, { force: true });
  }
}

function filesOf({ store }: ArchiveContext, { name, options }: VolumeRow): string {
  const source = volumeSource(options);
  if (source.kind === 'bind') return source.device;
  if (source.kind === 'directory') return store.paths.volume(name);
  throw new WherryError(`The volume ${name} is memory of its containers, and has no files of its own.`, {
    code: 'E_VOLUME_NO_FILES',
    hint: 'Use tar inside a container that has it mounted.',
  });
}

/** The reader of archives knows them as layers. */
function explain(error: unknown): unknown {
  if (!(error instanceof WherryError) || !error.code.startsWith('E_LAYER_')) return error;
  return new WherryError(error.message.replace(/^The layer/, 'The archive'), {
    code: 'E_VOLUME_ARCHIVE',
    hint: 'Give a tar archive, plain or compressed by gzip or zstd, as volume export writes it.',
    cause: error.cause,
  });
}
