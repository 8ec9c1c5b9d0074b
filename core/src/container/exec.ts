import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Handover } from '../api.ts';
import { WherryError } from '../errors/error.ts';
import { recordContainerEvent } from '../event/fold.ts';
import { runDetached, type TargetProcess } from '../launcher/run.ts';
import { encodeProgram } from '../program/encode.ts';
import type { Program, SettingOperation } from '../program/operation.ts';
import { randomHex } from '../store/random.ts';
import { type ProcessUser, resolveUser } from '../user/resolve.ts';
import { ownCgroup } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { completeEnvironment, mergeEnvironment } from './environment.ts';
import { notFound } from './find.ts';
import { shortId } from './id.ts';
import { identityOf, identityOperations } from './identity.ts';
import { confinement, resourceLimits } from './kernel-options.ts';
import { type LegacyGroup, legacyGroups, ownLegacyGroup } from './legacy-cgroup.ts';
import { liveUserFiles } from './live-user-files.ts';
import { cacheDirectory } from './machine.ts';
import type { ExecRequest } from './operations.ts';
import { addedGroups, keepsGroups } from './options.ts';
import { ownerOperations, ownIdOperations } from './own-ids.ts';
import { legacySettings } from './program.ts';
import type { ContainerSpec } from './record.ts';
import { requireRunning } from './running.ts';
import { scopeOfExec } from './scope.ts';
import { type SeccompFilter, seccompFilter } from './seccomp.ts';
import type { UserFiles } from './user-files.ts';

/** How the caller becomes a command inside a container. @throws WherryError `E_CONTAINER_NOT_RUNNING` */
export async function prepareExec(
  context: ContainerContext,
  id: string,
  request: ExecRequest,
): Promise<Handover> {
  return { file: context.launcher(), args: ['exec', await writeProgram(context, id, request)], env: {} };
}

/**
 * Runs a command inside a container without a client; answers once it has been executed.
 * @throws WherryError with exit status 126 or 127 when it could not be
 */
export async function execDetached(
  context: ContainerContext,
  id: string,
  request: ExecRequest,
): Promise<void> {
  const path = await writeProgram(context, id, request);
  try {
    await runDetached(context.launcher(), path, request.command[0] ?? '', 'exec');
  } finally {
    rmSync(path, { force: true });
  }
}

async function writeProgram(context: ContainerContext, id: string, request: ExecRequest): Promise<string> {
  const { store, table, machine } = context;
  const spec = table.spec(id);
  const row = table.get(id);
  if (spec === undefined || row === undefined) throw notFound(id);
  const running = requireRunning(context, id);
  const { isPaused } = await import('./pause.ts');
  if (isPaused(running.init.pid)) throw pausedError(id);
  const privileged = request.privileged || spec.privileged;
  const user = await execUser(context, spec, request, running);
  const identity = identityOf({ ...spec, privileged }, user, machine.platform.lastCap);
  const seccomp = await seccompFilter(spec.security.seccomp, {
    cache: cacheDirectory(store, 'seccomp'),
    capabilities: identity.granted,
    architecture: machine.platform.arch.architecture,
    singleId: machine.idmap.mode === 'single-id',
    kernel: machine.platform.kernel,
  });
  const group = ownCgroup(id, running.init.pid);
  const execId = randomHex(32);
  const program = execProgram({
    cgroup: group,
    scope: scopeOfExec(machine.platform.cgroup, group, execId),
    legacy: legacyGroups(machine.platform.cgroup, id, spec.options?.cgroupParent).filter(
      ({ controller }) => ownLegacyGroup(id, running.init.pid, controller) !== undefined,
    ),
    events: { prefix: join(store.paths.events, `${id}.${shortId(execId)}`), execId },
    spec,
    request,
    running,
    identity: identityOperations(identity),
    ownIds: [...ownerOperations(spec), ...ownIdOperations(machine, spec)],
    home: user.home,
    hostname: spec.hostname ?? shortId(id),
    seccomp,
  });
  const directory = store.paths.container(id);
  sweep(context, directory);
  // The client has this very number when it reads the file.
  const path = join(directory, `exec-${context.clientPid}`);
  writeFileSync(path, encodeProgram(program), { mode: 0o600 });
  recordContainerEvent(context, id, `exec_create: ${request.command.join(' ')}`, { execID: execId });
  return path;
}

export interface ExecProgram {
  readonly spec: ContainerSpec;
  readonly request: ExecRequest;
  readonly running: { readonly init: TargetProcess };
  readonly identity: Program['container'];
  readonly ownIds: Program['container'];
  readonly home: string;
  readonly hostname: string;
  readonly seccomp: SeccompFilter | undefined;
  readonly cgroup: string | undefined;
  readonly scope?: readonly SettingOperation[];
  readonly legacy?: readonly LegacyGroup[];
  /** Where its monitor tells its beginning and its end. */
  readonly events: { readonly prefix: string; readonly execId: string };
}

/** The launch program of a command that joins a container: everything but its words is the container's, unless asked otherwise. */
export function execProgram({
  spec,
  request,
  running,
  identity,
  ownIds,
  home,
  hostname,
  seccomp,
  cgroup,
  scope = [],
  legacy = [],
  events,
}: ExecProgram): Program {
  const { tty } = request;
  return {
    settings: [
      { op: 'join', pid: running.init.pid, startTime: running.init.startTime },
      ...(tty ? [{ op: 'terminal' } as const] : []),
      ...clientSettings(request),
      { op: 'events', ...events },
      ...scope,
      ...(cgroup === undefined ? [] : [{ op: 'cgroup', path: cgroup, optional: true } as const]),
      ...legacySettings(legacy).map((setting) => ({ ...setting, optional: true }) as const),
    ],
    prepare: [],
    container: [
      ...ownIds,
      ...(tty ? [{ op: 'console', device: false } as const] : []),
      { op: 'umask', mask: 0o022 },
      ...resourceLimits(spec),
      ...confinement(spec),
      { op: 'working-directory', path: checkedDirectory(request.workdir) ?? spec.workdir },
      ...identity,
      ...(keepsGroups(spec.options) ? [{ op: 'keep-groups' } as const] : []),
      ...(spec.security.noNewPrivileges ? [{ op: 'no-new-privileges' } as const] : []),
      ...(seccomp === undefined ? [] : [{ op: 'seccomp', ...seccomp } as const]),
      {
        op: 'environment',
        variables: completeEnvironment(mergeEnvironment(request.env, spec.env), { hostname, tty, home }),
      },
      { op: 'arguments', argv: request.command },
      { op: 'execute' },
    ],
    cleanup: [],
  };
}

function clientSettings({ detach, interactive, detachKeys }: ExecRequest): readonly SettingOperation[] {
  if (detach) return [{ op: 'stdin', mode: 'none' }, { op: 'detach' }];
  return [
    { op: 'stdin', mode: interactive ? 'once' : 'none' },
    { op: 'attach', stdin: interactive, stdout: true, stderr: true },
    ...(detachKeys === undefined ? [] : [{ op: 'detach-keys', keys: parseDetachKeys(detachKeys) } as const]),
    // As Docker's: a signal ends the client alone.
    { op: 'signal-proxy', on: false },
  ];
}

function checkedDirectory(workdir: string | undefined): string | undefined {
  if (workdir === undefined || workdir.startsWith('/')) return workdir;
  throw new WherryError(`The working directory ${JSON.stringify(workdir)} is no absolute path.`, {
    code: 'E_WORKDIR',
    hint: 'Give -w a path that begins with a slash.',
  });
}

/** Whom the command runs as, by the files that the container has now. */
async function execUser(
  context: ContainerContext,
  spec: ContainerSpec,
  request: ExecRequest,
  { init }: { readonly init: TargetProcess },
): Promise<ProcessUser> {
  const root = `/proc/${init.pid}/root`;
  const files = liveUserFiles(root) ?? (await filesByWorker(context, root));
  const user = request.user ?? spec.user;
  return resolveUser({ user, groupAdd: addedGroups(spec.options), ...files });
}

async function filesByWorker(context: ContainerContext, root: string): Promise<UserFiles> {
  const [{ withWorker }, { readUserFiles }] = await Promise.all([
    import('./worker.ts'),
    import('./user-files.ts'),
  ]);
  // With the dot, what the kernel's link leads to is meant, and not the link.
  return withWorker(context, (worker) => readUserFiles(worker, [`${root}/.`]));
}

/** Programs of clients that have ended. */
function sweep({ processes }: ContainerContext, directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = /^exec-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && processes.startTime(Number(pid)) === undefined)
      rmSync(join(directory, name), { force: true });
  }
}

function pausedError(id: string): WherryError {
  return new WherryError(`container ${id} is paused, unpause the container before exec`, {
    code: 'E_CONTAINER_PAUSED',
    hint: `wherry unpause ${shortId(id)}   lets it go on.`,
  });
}
