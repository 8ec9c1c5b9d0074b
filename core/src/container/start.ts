import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Handover, StartOptions } from '../api.ts';
import { WherryError } from '../errors/error.ts';
import { foldEvents } from '../event/fold.ts';
import { startEvents } from '../event/start-events.ts';
import { EventTable } from '../event/table.ts';
import { cacheOperation } from '../log/cache.ts';
import { LOG_LOSS } from '../log/loss.ts';
import { splitDelivery } from '../log/mode.ts';
import { adHocNetwork, portsByHelper } from '../network/builtin.ts';
import { refreshNames } from '../network/members.ts';
import { settlePorts } from '../network/port-check.ts';
import type { PublishedPort } from '../network/request.ts';
import { hostFileDirectory, launchNetworks, networkFiles } from '../network/start.ts';
import { NetworkTable } from '../network/table.ts';
import { checkPlan } from '../plan/check.ts';
import { type EncodedPlan, encodeFileOperations, encodePlan, encodeSink } from '../plan/encode.ts';
import type { Drivers } from '../plugin/drivers.ts';
import { encodeProgram } from '../program/encode.ts';
import type {
  ContainerOperation,
  FileOperation,
  PrepareStep,
  SettingOperation,
} from '../program/operation.ts';
import { demandReserve } from '../store/reserve.ts';
import { resolveUser } from '../user/resolve.ts';
import { makeCgroup } from './cgroup.ts';
import { type ContainerContext, currentRow } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { containerDevices } from './devices.ts';
import { commitState, driverGrants } from './drivers.ts';
import { notFound } from './find.ts';
import { hostFileBinds, hostFilePaths, writeHostFiles } from './host-files.ts';
import { identityOf } from './identity.ts';
import { imageMountOperation, imageView } from './image-view.ts';
import { makeLegacyGroups } from './legacy-cgroup.ts';
import { logHelper, relayLog, relaySocket } from './log-relay.ts';
import { cacheDirectory } from './machine.ts';
import { prepareMounts, startMounts } from './mounts.ts';
import { addedGroups, NO_OPTIONS } from './options.ts';
import {
  commonIds,
  knownUser,
  ownerOperations,
  ownIdOperations,
  privateRoot,
  withOwnedRoot,
} from './own-ids.ts';
import { stepsFromText } from './pending.ts';
import { holderDirectory, type LaunchRequest, launchProgram } from './program.ts';
import type { ContainerRow, ContainerSpec } from './record.ts';
import { type RemovalPlan, removalPlan } from './removal.ts';
import { checkRootDirectory } from './rootfs-directory.ts';
import { ensureDriverRoots, ensureOwned, giveToRoot, rootsOf } from './roots.ts';
import { scopeFor } from './scope.ts';
import { seccompFilter } from './seccomp.ts';
import { launchSharing } from './sharing-target.ts';
import { singleIdBinds } from './single-id-binds.ts';
import { planStart, type StartPlan } from './start-plan.ts';
import { trees, userFilesOf } from './start-user.ts';
import { storageOf } from './storage.ts';
import { sureLayers } from './sure-layers.ts';

/** The file with the launch program, in the container's directory. */
const PROGRAM = 'program';

/** Who starts a container: a client that attaches, or one that goes once it runs. */
export type Client =
  | { readonly kind: 'attached'; readonly options: StartOptions }
  | { readonly kind: 'detached' };

/**
 * Plans a start and writes the launch program. Nothing runs before the launcher is given it.
 * @returns the program's path
 * @throws WherryError `E_CONTAINER_RUNNING`, and whatever of the container can't be
 */
export async function prepareLaunch(context: ContainerContext, id: string, client: Client): Promise<string> {
  const { store, table, machine } = context;
  const current = currentRow(context, id);
  const spec = table.spec(id);
  if (current === undefined || spec === undefined) throw notFound(id);
  const { row, running } = current;
  refuseStart(row, running);
  demandReserve(store.paths.root);
  if (spec.rootfs !== undefined) checkRootDirectory(spec.rootfs);
  await sureLayers(context, spec);
  const drivers = await context.drivers();
  const ports = await portsFor(context, id, spec);
  const plan = store.database.transaction(() => planStart(context, drivers, row, spec, ports));
  const directory = store.paths.container(id);
  ensureDriverRoots(context, plan.rootfs.asker);
  ensureDriverRoots(context, plan.log.asker);
  ensureOwned(context, store.paths.events);
  prepareMounts(context, spec);
  const pending = table.pending(id);
  const request = await launchRequest(context, drivers, { row, spec, plan, client, pending });
  // What it left when it failed before would be taken for this start's.
  if (row.launch > 0)
    for (const fact of ['start-error', 'ports', 'log-error', LOG_LOSS, 'restart-policy', 'oom'])
      rmSync(join(directory, fact), { force: true });
  // The monitor of a container with --rm removes its directory from there.
  giveToRoot(machine, store.paths.containers);
  for (const path of [directory, join(directory, 'rootfs')]) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    giveToRoot(machine, path);
  }
  if (plan.joined === undefined) {
    const files = {
      ...networkFiles(context, row, spec, plan.networks),
      hostname: plan.hostname,
      domainname: spec.options?.domainname,
    };
    const own = spec.ids === undefined ? 'user' : 'container';
    writeHostFiles(directory, { ...files, hostNetwork: plan.sharing === 'host' }, machine, own);
  }
  // Its monitor begins anew with the slots that the one before may have filled.
  if (row.launch > 0) foldEvents(context);
  await relayLog(context, id, plan.log);
  const options = spec.options ?? NO_OPTIONS;
  const scope = scopeFor(machine.platform.cgroup, id, row.launch + 1, options);
  const cgroup =
    scope === undefined
      ? makeCgroup(machine.platform.cgroup, id, options.limits, options.cgroupParent)
      : undefined;
  const legacy = makeLegacyGroups(machine.platform.cgroup, id, options);
  const path = join(directory, PROGRAM);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, encodeProgram(launchProgram({ ...request, cgroup, scope, legacy })), { mode: 0o600 });
  renameSync(draft, path);
  store.database.transaction(() => {
    table.beginLaunch(id, plan.kept);
    commitState(store, plan.state);
    const events = new EventTable(store.database);
    for (const event of startEvents(context, row, spec, client.kind)) events.insert(event);
  });
  refreshNames(context);
  return path;
}

/** What is asked for where it is dropped is in nobody's way. */
async function portsFor(
  { store }: ContainerContext,
  id: string,
  { network, networking }: ContainerSpec,
): Promise<readonly PublishedPort[]> {
  const asked = networking?.ports ?? [];
  if (network === 'host' || network === 'none') return asked;
  const byHelper = (): boolean => {
    const own = adHocNetwork(network);
    if (own !== undefined) return portsByHelper(own);
    const table = new NetworkTable(store.database);
    return table.endpointsOf(id).some((endpoint) => {
      const row = table.get(endpoint.network);
      return row !== undefined && portsByHelper(row);
    });
  };
  const chosen = asked.some(({ hostPort }) => hostPort === 0) && byHelper();
  return settlePorts(asked, chosen ? 'chosen-now' : 'chosen-by-launcher');
}

/** How the caller becomes the launcher. */
export function handover(context: ContainerContext, program: string): Handover {
  return { file: context.launcher(), args: ['run', program], env: {} };
}

function refuseStart(row: ContainerRow, running: boolean): void {
  if (running) {
    throw new WherryError(`Container ${row.name} is already running.`, {
      code: 'E_CONTAINER_RUNNING',
      hint: `wherry stop ${row.name}   stops it.`,
    });
  }
  if (row.state === 'removing') {
    throw new WherryError(`Container ${row.name} is marked for removal and cannot be started.`, {
      code: 'E_CONTAINER_REMOVING',
      hint: `wherry rm ${row.name}   completes the removal.`,
    });
  }
}

export interface LaunchInput {
  readonly row: ContainerRow;
  readonly spec: ContainerSpec;
  readonly plan: StartPlan;
  readonly client: Client;
  /** What `create` left to be done, as text. */
  readonly pending: string | undefined;
}

/** Everything that the launch program is made from. Reads, and has no effect but on caches. */
export async function launchRequest(
  context: ContainerContext,
  drivers: Drivers,
  { row, spec, plan, client, pending: left }: LaunchInput,
): Promise<LaunchRequest> {
  const { store, machine } = context;
  const { id } = row;
  const directory = store.paths.container(id);
  const rootfs = encodePlan(plan.rootfs, rootsOf(context, plan.rootfs.asker, id));
  const pending = withOwnedRoot(
    pendingSteps(context, drivers, row, spec, left),
    spec,
    rootOf(rootfs.container),
  );
  const files = await userFilesOf(context, row, spec, rootfs.container, pending);
  const known = knownUser(files, spec);
  const user = resolveUser({ user: spec.user, groupAdd: addedGroups(spec.options), ...known.files });
  const identity = identityOf(spec, user, machine.platform.lastCap);
  return {
    spec: plan.variables.length === 0 ? spec : { ...spec, env: [...plan.variables, ...spec.env] },
    directory,
    events: join(store.paths.events, id),
    holder: holderDirectory(store.paths.runtime()),
    idmap: machine.idmap,
    client: clientSettings(spec, client),
    logSink: [
      ...encodeSink(
        plan.log,
        rootsOf(context, plan.log.asker, id),
        splitDelivery(spec.logOptions).delivery,
        relaySocket(context, id),
      ),
      ...(plan.logCache === undefined ? [] : [cacheOperation(directory, plan.logCache)]),
      ...(await logHelper(context, id, plan.log)),
    ],
    pending,
    rootfs: spec.autoRemove ? unsynced(rootfs) : rootfs,
    network: launchNetworks(context, id, plan.networks, plan.joined),
    hostNetwork: plan.sharing === 'host',
    hostname: plan.hostname,
    binds: [
      ...hostFileBinds(
        hostFileDirectory(context, id, plan.joined),
        spec.mounts.map(({ target }) => target),
        spec.readOnly,
      ),
      ...(machine.idmap.mode === 'single-id'
        ? singleIdBinds(cacheDirectory(store, 'single-id'), rootfs.container)
        : []),
    ],
    mounts: startMounts(context, row, spec, {
      owner: commonIds(machine, spec, user),
      image: (mount) =>
        imageMountOperation(mount, imageView(context, drivers, spec.storageDriver, mount.topLayer)),
    }),
    ownIds: {
      owner: [...ownerOperations(spec), ...givenHostFiles(context, row.id, spec, plan)],
      files: known.operations,
      take: ownIdOperations(machine, spec),
    },
    devices: containerDevices(spec),
    sharing: launchSharing(context, spec.options ?? NO_OPTIONS),
    identity,
    seccomp: await seccompFilter(spec.security.seccomp, {
      cache: cacheDirectory(store, 'seccomp'),
      capabilities: identity.granted,
      architecture: machine.platform.arch.architecture,
      singleId: machine.idmap.mode === 'single-id',
      kernel: machine.platform.kernel,
    }),
    cleanup: spec.autoRemove && plan.removal !== undefined ? cleanup(context, id, plan.removal) : [],
  };
}

/**
 * /etc/hosts and its like are the container's root's to change. Their group stays the user's own, so that they can be written when
 * networks change.
 */
function givenHostFiles(
  { store }: ContainerContext,
  id: string,
  spec: ContainerSpec,
  { joined }: StartPlan,
): readonly ContainerOperation[] {
  const owner = privateRoot(spec);
  if (owner === undefined || joined !== undefined) return [];
  return hostFilePaths(store.paths.container(id)).map((path) => ({
    op: 'give',
    path,
    uid: owner.uid,
    gid: 0,
  }));
}

/** The tree that a container writes to. */
function rootOf(rootfs: readonly ContainerOperation[]): string | undefined {
  const [own] = trees(rootfs, []).own;
  return own;
}

/**
 * The end of an overlay writes all that the file system below it holds unwritten, whoever wrote it, and the container's end
 * waits for that: in vain, where its files are removed next. With `volatile` (overlayfs.rst) it doesn't.
 */
function unsynced({ prepare, container }: EncodedPlan): EncodedPlan {
  const operations = container.map((each) =>
    each.op === 'rootfs-overlay' && each.upper !== undefined && !each.options.includes('volatile')
      ? { ...each, options: [...each.options, 'volatile'] }
      : each,
  );
  return { prepare, container: operations };
}

function clientSettings(spec: ContainerSpec, client: Client): readonly SettingOperation[] {
  if (client.kind === 'detached') {
    return [{ op: 'stdin', mode: spec.interactive ? 'open' : 'none' }, { op: 'detach' }];
  }
  const { attach, detachKeys, sigProxy } = client.options;
  const stdin = attach.stdin && spec.interactive;
  const mode = stdin ? 'once' : spec.interactive ? 'open' : 'none';
  return [
    { op: 'stdin', mode },
    { op: 'attach', stdin, stdout: attach.stdout, stderr: attach.stderr },
    ...(detachKeys === undefined ? [] : [{ op: 'detach-keys', keys: parseDetachKeys(detachKeys) } as const]),
    ...(sigProxy === undefined ? [] : [{ op: 'signal-proxy', on: sigProxy } as const]),
  ];
}

/** What `create` left to be done, unless the container has run before. */
function pendingSteps(
  context: ContainerContext,
  drivers: Drivers,
  row: ContainerRow,
  spec: ContainerSpec,
  text: string | undefined,
): readonly PrepareStep[] {
  if (text === undefined || row.startedAt !== undefined || spec.prepared === true) return [];
  const storage = storageOf(drivers, spec);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'prepare-container' } as const;
  const checked = checkPlan({ asker, steps: stepsFromText(text), grants: driverGrants(storage) });
  const steps = encodePlan(checked, rootsOf(context, asker, row.id)).prepare;
  if (row.launch === 0) return steps;
  // An earlier start was cut off, perhaps half way through these steps.
  const { plan } = removalPlan(drivers, row.id, spec);
  const leftovers = encodeFileOperations(plan, rootsOf(context, plan.asker, row.id));
  return [...leftovers.map((operation) => ({ do: operation })), ...steps];
}

/** What the monitor does at the end of a container that is to be removed then; its directory goes last. */
function cleanup(context: ContainerContext, id: string, { plan }: RemovalPlan): readonly FileOperation[] {
  const { paths } = context.store;
  return [
    ...encodeFileOperations(plan, rootsOf(context, plan.asker, id)),
    { op: 'remove-tree', path: paths.container(id) },
  ];
}
