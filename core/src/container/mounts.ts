import { readdirSync } from 'node:fs';
import type { CreateRequest, ImageConfig, ResolvedImage } from '../api.ts';
import type { ContainerOperation } from '../program/operation.ts';
import { type Merged, mergeMounts } from '../volume/merge.ts';
import type { Mount } from '../volume/mount.ts';
import { newVolumeName } from '../volume/name.ts';
import { type MountOperations, type MountPlaces, mountOperations } from '../volume/operations.ts';
import { checkSources, makeSources, type SourceRequest } from '../volume/sources.ts';
import type { ContainerContext } from './context.ts';
import { findContainer, notFound } from './find.ts';
import { commonIds, privateRoot } from './own-ids.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';

/** The mounts of a container to be, and what has to be there for them when it is written down. */
export interface DraftMounts extends Merged {
  /** Full ids of the containers that `--volumes-from` names. */
  readonly from: readonly string[];
}

/**
 * Settles the mounts that a request and its image ask for, and looks whether they can be. Makes nothing.
 * @param images Those that are mounted, by reference.
 * @throws WherryError `E_MOUNT_*`, `E_CONTAINER_NOT_FOUND`
 */
export function draftMounts(
  context: ContainerContext,
  request: CreateRequest,
  image: ImageConfig,
  images: ReadonlyMap<string, ResolvedImage>,
): DraftMounts {
  const { table } = context;
  const from = (request.volumesFrom ?? []).map(({ container, readOnly }) => {
    const id = findContainer(table, container);
    return { id, readOnly, mounts: table.spec(id)?.mounts ?? [] };
  });
  const merged = mergeMounts({
    asked: request.mounts ?? [],
    imageVolumes: Object.keys(image.Volumes ?? {}),
    inherited: from,
    newName: newVolumeName,
    resolveImage: ({ reference }) => {
      const found = images.get(reference);
      if (found === undefined) throw new Error(`the image ${reference} hasn't been looked for`);
      return { imageId: found.id, topLayer: found.chain.at(-1) };
    },
  });
  checkSources(sourceRequest(context, merged.mounts, merged));
  return { ...merged, from: from.map(({ id }) => id) };
}

/** Makes what the mounts need, within the transaction that writes the container down. */
export function commitMounts({ table, volumes }: ContainerContext, draft: DraftMounts): void {
  // Since they were looked at, another command may have removed one, and with it what it alone had.
  for (const id of draft.from) {
    if (table.get(id) === undefined) throw notFound(id);
  }
  volumes.ensure(draft.volumes);
}

/** Makes what has gone missing since `create`, and the directories that `-v` names. */
export function prepareMounts(context: ContainerContext, { mounts }: Pick<ContainerSpec, 'mounts'>): void {
  const { store, volumes } = context;
  const request = sourceRequest(context, mounts);
  checkSources(request);
  makeSources(request);
  store.database.transaction(() => {
    const named = mounts.flatMap((mount) => (mount.kind === 'volume' ? mount : []));
    volumes.ensure(named.map(({ name, anonymous }) => ({ name, anonymous, labels: {}, options: {} })));
  });
}

/** The operations of a start that bring the mounts about. `owner` is the container's user, for `U`; `image` shows an image's files. */
export function startMounts(
  context: ContainerContext,
  row: ContainerRow,
  spec: ContainerSpec,
  { owner, image }: Pick<MountPlaces, 'owner' | 'image'>,
): MountOperations {
  const { store, machine } = context;
  const operations = mountOperations(spec.mounts, {
    volume: store.paths.volume,
    optionsOf: (name) => optionsOf(context, name),
    image,
    fill: row.startedAt === undefined,
    owner: machine.idmap.mode === 'single-id' ? undefined : owner,
    newOwner: privateRoot(spec),
    isEmpty: (name) => isEmpty(store.paths.volume(name)),
  });
  return { ...operations, mounts: operations.mounts.map((each) => withCommonOwner(machine, spec, each)) };
}

/** The owner that a tmpfs is asked to have is one of the container's. */
function withCommonOwner(
  machine: ContainerContext['machine'],
  spec: ContainerSpec,
  operation: ContainerOperation,
): ContainerOperation {
  if (operation.op !== 'mount' || operation.type !== 'tmpfs' || (!spec.ids && !spec.keepId)) return operation;
  const common = (option: string): string => {
    const [, kind, id] = /^(uid|gid)=(\d{1,10})$/.exec(option) ?? [];
    if (kind === undefined) return option;
    const given = { uid: kind === 'uid' ? Number(id) : 0, gid: kind === 'gid' ? Number(id) : 0 };
    const { uid, gid } = commonIds(machine, spec, given);
    return `${kind}=${kind === 'uid' ? uid : gid}`;
  };
  return { ...operation, options: operation.options.map(common) };
}

/** What can't be read is somebody's already. */
function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch {
    return false;
  }
}

function sourceRequest(context: ContainerContext, mounts: readonly Mount[], merged?: Merged): SourceRequest {
  return {
    mounts,
    maps: context.machine.idmap,
    mappedRoot: context.machine.mappedRoot,
    // A volume that is there keeps its options.
    optionsOf: (name) =>
      context.volumes.table.get(name)?.options ??
      merged?.volumes.find((volume) => volume.name === name)?.options ??
      {},
  };
}

function optionsOf({ volumes }: ContainerContext, name: string): Readonly<Record<string, string>> {
  return volumes.table.get(name)?.options ?? {};
}
