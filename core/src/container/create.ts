import type { CreateRequest, ImageConfig, ResolvedImage } from '../api.ts';
import { grantedCapabilities } from '../capability/container.ts';
import { refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';
import { behindEvents, containerEvent } from '../event/fold.ts';
import { resolveImage } from '../image/find.ts';
import { searchedImages } from '../image/searched.ts';
import { commitNetworks, type DraftNetworks, draftNetworks } from '../network/draft.ts';
import { type CheckedPlan, checkPlan } from '../plan/check.ts';
import { Lease } from '../store/lease.ts';
import { cgroupOf } from './cgroup.ts';
import { commandText } from './command.ts';
import { readConfig } from './config.ts';
import { type ContainerContext, fold } from './context.ts';
import { containerDevices } from './devices.ts';
import { commitState, driverGrants, type StateUpdate } from './drivers.ts';
import { newContainerId } from './id.ts';
import { checkLog } from './log-plan.ts';
import { mergeLabels, mergeSpec, networkName } from './merge.ts';
import { commitMounts, type DraftMounts, draftMounts } from './mounts.ts';
import { checkName, generateName, nameConflict } from './name.ts';
import { NO_OPTIONS } from './options.ts';
import { stepsToText } from './pending.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { plannedRemoval } from './removal.ts';
import { type Cleared, clearAway, dropRow, purge } from './remove.ts';
import { findRootDirectory } from './rootfs-directory.ts';
import { resolveSharing } from './sharing-target.ts';
import { type ContainerStorage, storageOf } from './storage.ts';
import { bestStorage } from './storage-choice.ts';
import { timestamp } from './time.ts';

/** The log driver of a container that asks for none. */
export const DEFAULT_LOG_DRIVER = 'json-file';

/** A container that is settled and planned, and not yet written down. */
export interface Draft {
  readonly row: ContainerRow;
  readonly spec: ContainerSpec;
  readonly mounts: DraftMounts;
  readonly networks: DraftNetworks;
  /** What the storage driver wants done before the first start. */
  readonly plan: CheckedPlan;
  readonly state: StateUpdate;
  /** Keeps ids and copied layers until the container is written down. */
  readonly lease?: Lease;
}

/**
 * Settles a container and has its root file system planned. Pulls the image when it is missing, and copies its layers for a
 * container with ids of its own; writes nothing else.
 * @param rehearsal whether the container will not be made
 * @throws WherryError for whatever of the request can't be
 */
export async function draftContainer(
  context: ContainerContext,
  request: CreateRequest,
  { rehearsal = false } = {},
): Promise<Draft> {
  const name = request.name === undefined ? undefined : checkName(request.name);
  const config = readConfig(context.env);
  const drivers = await context.drivers();
  const storageName = request.storageDriver ?? config.storageDriver ?? bestStorage(context, drivers).name;
  const rootfs =
    request.rootfs === undefined ? undefined : findRootDirectory(request.rootfs, context.store, storageName);
  const storage = storageOf(drivers, { storageDriver: storageName, ...(rootfs && { rootfs }) });
  const image: BaseImage =
    rootfs === undefined ? await obtainImage(context, request, storageName) : noImage(request);
  const log = drivers.log(request.logDriver ?? config.logDriver ?? DEFAULT_LOG_DRIVER);
  const images = new Map<string, ResolvedImage>();
  for (const mount of request.mounts ?? []) {
    if (mount.kind !== 'image') continue;
    const { reference } = mount;
    images.set(reference, await obtainImage(context, { ...request, image: reference }, storageName));
  }
  const mounts = draftMounts(context, request, image.config, images);
  const networks = draftNetworks(context, drivers, request, image.config, networkName(request.network));
  const ownLog = request.logDriver === undefined && request.logOpts === undefined;
  const merged = mergeSpec(
    ownLog && config.logOpts !== undefined ? { ...request, logOpts: config.logOpts } : request,
    image.config,
    {
      topLayer: image.chain.at(-1),
      storageDriver: drivers.storage(storageName).info.name,
      ...(rootfs && { rootfs }),
      logDriver: log.info.name,
      mounts: mounts.mounts,
      network: networks.mode,
      networking: networks.networking,
    },
  );
  const { options = NO_OPTIONS } = merged;
  const shared = { ...merged, options: resolveSharing(context, options) };
  // What can't be had is said now, and not at the first start.
  const { capAdd: add, capDrop: drop, privileged } = merged;
  grantedCapabilities({ add, drop, privileged, lastCap: context.machine.platform.lastCap });
  containerDevices({ privileged: false, options });
  cgroupOf(context.machine.platform.cgroup, '', options.cgroupParent);
  const lease = hasPrivateIds(request) && !rehearsal ? new Lease(context.store.database) : undefined;
  const id = newContainerId();
  try {
    const spec = hasPrivateIds(request)
      ? await (await import('./private-ids.ts')).settlePrivateIds(context, drivers, shared, lease)
      : shared;
    const { plan, state } = planRoot(context, storage, id, spec);
    const row: ContainerRow = {
      id,
      name: name ?? '',
      image: rootfs?.path ?? request.image,
      imageId: image.id,
      command: commandText(spec.command),
      created: timestamp(),
      state: 'created',
      launch: 0,
      autoRemove: spec.autoRemove,
      labels: mergeLabels(request, image.config),
    };
    checkLog(context, log, row, spec);
    return { row, spec, mounts, networks, plan, state, ...(lease && { lease }) };
  } catch (error) {
    lease?.release();
    throw error;
  }
}

/** Whether the files of its image are to belong to other ids than the image's. */
function hasPrivateIds({ userns = '' }: CreateRequest): boolean {
  return /^(auto|nomap)/.test(userns);
}

/** What of an image a container is settled from. */
interface BaseImage {
  readonly id: string;
  readonly config: ImageConfig;
  readonly chain: readonly string[];
}

/** In the place of an image, for a directory. @throws WherryError `E_OPTION` for flags that are about an image */
function noImage({ platform, pull }: CreateRequest): BaseImage {
  const flag = platform !== undefined ? '--platform' : pull === 'always' ? '--pull=always' : undefined;
  if (flag === undefined) return { id: '', config: {}, chain: [] };
  throw refusedFlags(
    `conflicting options: cannot specify both --rootfs and ${flag}`,
    'A directory has no image that could be pulled: leave one of them out.',
  );
}

function planRoot(
  { machine }: ContainerContext,
  storage: ContainerStorage,
  id: string,
  spec: ContainerSpec,
): { readonly plan: CheckedPlan; readonly state: StateUpdate } {
  const { info } = storage;
  const { value: steps, changes } = storage.prepareContainer({
    id,
    parent: spec.topLayer,
    facts: machine.facts,
    options: [],
  });
  const asker = { kind: 'storage', driver: info.name, request: 'prepare-container' } as const;
  return { plan: checkPlan({ asker, steps, grants: driverGrants(storage) }), state: { info, changes } };
}

/**
 * Writes a drafted container down: its row, its name, its mounts and its driver's state at once. It has no files before its
 * first start, so a command that is killed here leaves none.
 */
export async function commitContainer(context: ContainerContext, draft: Draft): Promise<ContainerRow> {
  using _held = draft.lease;
  for (const id of draft.mounts.from) await (await import('./fill.ts')).fillVolumes(context, id);
  const { store, table } = context;
  const cleared = await releaseNames(context, draft.row.name);
  const drivers = await context.drivers();
  return behindEvents(context, (events) => {
    if (cleared !== undefined) dropRow(context, events, cleared);
    refuseLostLayer(context, draft.spec);
    const row = named(context, draft.row);
    commitMounts(context, draft.mounts);
    table.insert(row, draft.spec, stepsToText(draft.plan.steps));
    commitNetworks(context, row.id, draft.networks);
    commitState(store, [draft.state]);
    const removal = plannedRemoval(context, drivers, row.id, draft.spec)?.kept;
    if (removal !== undefined) table.keep(row.id, { removal });
    events.insert(containerEvent(context, row.id, 'create'));
    return row;
  });
}

/** The image may have been removed since it was looked up; from here on, the container's row keeps its layers. */
function refuseLostLayer(context: ContainerContext, { storageDriver, topLayer }: ContainerSpec): void {
  if (topLayer === undefined || hasLayer(context, storageDriver, topLayer)) return;
  throw new WherryError('The image was removed while the container was being created.', {
    code: 'E_IMAGE_NOT_FOUND',
    hint: 'Run the command again; it pulls the image.',
  });
}

function named({ table }: ContainerContext, row: ContainerRow): ContainerRow {
  if (row.name === '') {
    return { ...row, name: generateName((name) => table.idOfName(name) !== undefined) };
  }
  const owner = table.idOfName(row.name);
  if (owner !== undefined) throw nameConflict(row.name, owner);
  return row;
}

/**
 * Drops the rows of containers that their monitors have removed, so that their names are free. That of the last is left to the
 * transaction that writes the new one: mostly there is one, of the `run` before. Not with volumes of its own, whose
 * directories would not come back when that transaction fails.
 */
async function releaseNames(context: ContainerContext, wanted: string): Promise<Cleared | undefined> {
  const { gone, leaving } = fold(context, context.table.inState('started'));
  const holder = context.table.idOfName(wanted);
  // One that its monitor is still removing can be left to it, unless it has the name.
  const ids = [...gone, ...(holder !== undefined && leaving.has(holder) ? [holder] : [])];
  const last = ids.pop();
  for (const id of ids) await purge(context, id);
  if (last === undefined) return undefined;
  if (context.volumes.table.anonymousOf(last).length === 0) return clearAway(context, last, false);
  await purge(context, last);
  return undefined;
}

/** The image, with its layers unpacked for the storage driver. */
async function obtainImage(
  context: ContainerContext,
  request: CreateRequest,
  driver: string,
): Promise<ResolvedImage> {
  const image = await findOrPull(context, { ...request, storageDriver: driver });
  const top = image.chain.at(-1);
  // A layer goes before those below it, so with the topmost one all are there.
  if (top !== undefined && !hasLayer(context, driver, top)) {
    await (await context.images()).ensureLayers(image.id, driver, signalOf(request));
  }
  return image;
}

function hasLayer({ store }: ContainerContext, driver: string, chainId: string): boolean {
  const row = store.database.get('SELECT 1 FROM layer WHERE driver = ? AND chain_id = ?', driver, chainId);
  return row !== undefined;
}

function signalOf({ signal }: CreateRequest): AbortSignal | undefined {
  return typeof signal === 'function' ? signal() : signal;
}

async function findOrPull(context: ContainerContext, request: CreateRequest): Promise<ResolvedImage> {
  const table = searchedImages(context);
  const pull = async (): Promise<ResolvedImage> => {
    const signal = signalOf(request);
    await (await context.images()).pull({
      reference: request.image,
      ...(request.platform === undefined ? {} : { platform: request.platform }),
      ...(request.insecureRegistries === undefined ? {} : { insecureRegistries: request.insecureRegistries }),
      ...(request.storageDriver === undefined ? {} : { storageDriver: request.storageDriver }),
      ...(request.onPullEvent === undefined ? {} : { onEvent: request.onPullEvent }),
      ...(signal === undefined ? {} : { signal }),
    });
    return resolveImage(table, request.image);
  };
  if (request.pull === 'always') return pull();
  try {
    const image = resolveImage(table, request.image);
    if (request.platform !== undefined) await requirePlatform(image, request.platform);
    return image;
  } catch (error) {
    const missing =
      error instanceof WherryError && ['E_IMAGE_NOT_FOUND', 'E_PLATFORM_NOT_FOUND'].includes(error.code);
    if (!missing || request.pull === 'never') throw error;
    request.onPullEvent?.({ kind: 'not-found-locally', reference: request.image });
    return pull();
  }
}

/** An image that is here for another platform is as good as none, as in Docker. @throws WherryError `E_PLATFORM_NOT_FOUND` */
async function requirePlatform({ os, architecture, reference }: ResolvedImage, text: string): Promise<void> {
  const { formatPlatform, normalise, parsePlatform } = await import('../image/platform.ts');
  const wanted = parsePlatform(text);
  const found = normalise({ os, architecture });
  if (found.os === wanted.os && found.architecture === wanted.architecture) return;
  throw new WherryError(
    `image with reference ${reference} was found but its platform (${formatPlatform(found)}) does not match the specified platform (${formatPlatform(wanted)})`,
    {
      code: 'E_PLATFORM_NOT_FOUND',
      hint: `wherry pull --platform ${formatPlatform(wanted)} ${reference}   takes the image for it.`,
    },
  );
}
