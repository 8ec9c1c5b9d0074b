import type { CommitRequest } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import type { ContainerContext } from '../container/context.ts';
import { findContainer, notFound } from '../container/find.ts';
import type { ContainerSpec } from '../container/record.ts';
import { timestamp } from '../container/time.ts';
import { withWorker } from '../container/worker.ts';
import { WherryError } from '../errors/error.ts';
import { parseReference, withDefaultTag } from '../reference/reference.ts';
import { assembleImage } from './assemble.ts';
import { changesTar } from './changes-tar.ts';
import { changeConfig, type MutableConfig } from './config-change.ts';
import { containerTrees } from './container-trees.ts';
import { makeLayer } from './make-layer.ts';
import type { PullContext } from './pull.ts';
import { rootTar } from './root-tar.ts';
import { ImageTable } from './table.ts';

/**
 * Makes an image of a container: its image's layers, and one more of what it changed.
 * @returns the image's id
 * @throws WherryError `E_CONTAINER_NOT_FOUND`, `E_IMAGE_INCOMPLETE`, `E_CHANGE`, `E_INVALID_REFERENCE`
 */
export async function commitContainer(
  context: ContainerContext,
  pull: PullContext,
  request: CommitRequest,
): Promise<string> {
  const { reference, signal } = request;
  const references = reference === undefined ? [] : [withDefaultTag(parseReference(reference))];
  const id = findContainer(context.table, request.container);
  const row = context.table.get(id);
  const spec = context.table.spec(id);
  if (row === undefined || spec === undefined) throw notFound(request.container);
  if (spec.rootfs !== undefined) throw noImage(row.name);
  const base = pull.blobs.readText(row.imageId);
  if (base === undefined) throw lost(row.image);
  const document = JSON.parse(base) as Json;
  const settled = (request.changes ?? []).reduce(
    changeConfig,
    containerConfig(object(document.config), spec),
  );
  const layer = await withWorker(
    context,
    async (worker) => {
      const trees = await containerTrees(context, id, worker);
      return makeLayer(context.store.temporary, changesTar(worker, trees, signal), request.onProgress);
    },
    spec.ids,
  );
  const created = timestamp();
  const { rootfs, history } = document;
  const diffIds = object(rootfs).diff_ids;
  const config = Buffer.from(
    JSON.stringify({
      ...document,
      created,
      ...(request.author === undefined ? {} : { author: request.author }),
      config: settled,
      rootfs: { type: 'layers', diff_ids: [...(Array.isArray(diffIds) ? diffIds : []), layer.diffId] },
      history: [
        ...(Array.isArray(history) ? history : []),
        {
          created,
          ...(request.author === undefined ? {} : { author: request.author }),
          created_by: row.command,
          ...(request.message === undefined ? {} : { comment: request.message }),
        },
      ],
      container: undefined,
      container_config: undefined,
    }),
  );
  try {
    const table = new ImageTable(context.store.database);
    const image = await assembleImage(pull, {
      name: reference ?? sha256(config),
      config,
      layers: [
        ...table
          .layersOf(row.imageId)
          .map(({ blob, mediaType, size }) => ({ digest: blob, mediaType, size })),
        layer.descriptor,
      ],
      references,
      bring: () => layer.file.keep(pull.blobs),
      signal,
    });
    table.noteParent(image, row.imageId);
    if (references.length > 0) table.noteTagged(image, created);
    return image;
  } finally {
    layer.file.discard();
  }
}

/** A container's root file system as a tar archive. @throws WherryError `E_CONTAINER_NOT_FOUND` */
export async function* exportContainer(
  context: ContainerContext,
  nameOrId: string,
): AsyncGenerator<Uint8Array> {
  const id = findContainer(context.table, nameOrId);
  // A generator can't yield from within a callback: the worker is handed out, and let go at the end.
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<AsyncGenerator<Uint8Array>>();
  const work = withWorker(
    context,
    async (worker) => {
      resolve(rootTar(worker, await containerTrees(context, id, worker), context.store.temporary));
      await over;
    },
    context.table.spec(id)?.ids,
  );
  work.catch(reject);
  try {
    yield* await ready;
  } finally {
    end();
    await work;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** What the container was told goes into the image, as Docker has it. */
function containerConfig(config: Json, spec: ContainerSpec): MutableConfig {
  const { entrypoint, cmd } = spec.command;
  return {
    ...config,
    Env: spec.env.filter((each) => each.includes('=')),
    Entrypoint: entrypoint.length === 0 ? null : entrypoint,
    Cmd: cmd.length === 0 ? null : cmd,
    WorkingDir: spec.workdir,
    // With an id of the user's own inside, that is a matter of this machine.
    ...(spec.keepId === undefined ? { User: spec.user } : {}),
  };
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function noImage(name: string): WherryError {
  return new WherryError('cannot commit a container that uses an exploded rootfs', {
    code: 'E_ROOTFS',
    hint: `Make an image of all its files: wherry export ${name} | wherry import - NAME.`,
    exitCode: 1,
  });
}

function lost(image: string): WherryError {
  return new WherryError(`The image ${image} that the container was made of is not here any more.`, {
    code: 'E_IMAGE_INCOMPLETE',
    hint: `Pull it again (wherry pull ${image}), or take the files alone with wherry export.`,
    exitCode: 1,
  });
}
