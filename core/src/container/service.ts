import type {
  Attachments,
  ContainerRequest,
  ContainerSummary,
  Containers,
  Handover,
  LogLine,
  LogsOptions,
  StartOptions,
} from '../api.ts';
import { recordContainerEvent } from '../event/fold.ts';
import { portsText, readPorts } from '../network/published.ts';
import { loginName } from '../platform/host.ts';
import { attachmentsOf } from './attachments.ts';
import { type ContainerContext, fold } from './context.ts';
import { findContainer } from './find.ts';
import { type HealthStatus, readHealth } from './health.ts';
import { summarize } from './list.ts';
import type { AttachRequest, CopyRequest, ExecRequest, PathChange, StatsSample } from './operations.ts';
import type { OptionRequest } from './options.ts';
import type { PrunedContainers } from './prune.ts';
import { settleRequest } from './request.ts';
import { readSetting, writeSetting } from './setting.ts';

/** That the user has been told what logging out does. */
const TOLD_LOGOUT = 'told.logout';

/** The life of containers. What is heavy is loaded when it is first needed, so that `ps` starts quickly. */
export class ContainerService implements Containers {
  readonly #context: ContainerContext;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  async create(
    wishes: ContainerRequest,
  ): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    const request = settleRequest(wishes);
    const { commitContainer, draftContainer } = await import('./create.ts');
    const draft = await draftContainer(this.#context, request);
    const { id } = await commitContainer(this.#context, draft);
    const { createWarnings } = await import('./warnings.ts');
    return { id, warnings: createWarnings(this.#context, request, draft.spec) };
  }

  async prepareStart(id: string, options: StartOptions): Promise<Handover> {
    const { handover, prepareLaunch } = await import('./start.ts');
    const { orRemove } = await import('./auto-remove.ts');
    const prepare = (): Promise<string> => prepareLaunch(this.#context, id, { kind: 'attached', options });
    return handover(this.#context, await orRemove(this.#context, id, prepare));
  }

  async start(nameOrId: string): Promise<void> {
    const id = this.find(nameOrId);
    const { startDetached } = await import('./start-detached.ts');
    const { orRemove } = await import('./auto-remove.ts');
    await orRemove(this.#context, id, () => startDetached(this.#context, id));
  }

  async explain(request: ContainerRequest): Promise<string> {
    const { explainContainer } = await import('./explain.ts');
    return explainContainer(this.#context, settleRequest(request));
  }

  list({ all = false }: { readonly all?: boolean } = {}): ContainerSummary[] {
    const { table } = this.#context;
    const started = table.inState('started');
    const { running, gone, leaving } = fold(this.#context, started);
    const rows = all ? table.all() : started.filter(({ id }) => running.has(id));
    const now = Date.now();
    const kept =
      gone.size + leaving.size === 0 ? rows : rows.filter(({ id }) => !gone.has(id) && !leaving.has(id));
    return kept.map((row) => {
      const { id } = row;
      return summarize(row, running.get(id), now, this.#health(id, running), this.#ports(id, running));
    });
  }

  /** Those in a network with a container that has gone need its name no longer. */
  async #tellOthers(): Promise<void> {
    const { forgetNames } = await import('../network/members.ts');
    forgetNames(this.#context);
  }

  #health(id: string, running: ReadonlyMap<string, unknown>): HealthStatus | undefined {
    return running.has(id) ? readHealth(this.#context.store.paths.container(id))?.status : undefined;
  }

  /** The PORTS column, of a container that runs. */
  #ports(id: string, running: ReadonlyMap<string, unknown>): string {
    if (!running.has(id)) return '';
    const { store, table } = this.#context;
    return portsText(readPorts(store.paths.container(id)), table.spec(id)?.networking?.exposed ?? []);
  }

  attachments(nameOrId: string): Attachments {
    return attachmentsOf(this.#context, this.find(nameOrId));
  }

  find(nameOrId: string): string {
    return findContainer(this.#context.table, nameOrId);
  }

  async *logs(nameOrId: string, options: LogsOptions = {}): AsyncGenerator<LogLine> {
    for await (const lines of this.logPieces(nameOrId, options)) yield* lines;
  }

  async *logPieces(nameOrId: string, options: LogsOptions = {}): AsyncGenerator<readonly LogLine[]> {
    const id = this.find(nameOrId);
    const { containerLogs } = await import('./logs.ts');
    yield* containerLogs(this.#context, id, options);
  }

  async stop(
    nameOrId: string,
    options: { readonly timeout?: number; readonly signal?: string } = {},
  ): Promise<void> {
    const id = this.find(nameOrId);
    const { stopContainer } = await import('./stop.ts');
    await stopContainer(this.#context, id, options);
    await this.#tellOthers();
  }

  async kill(nameOrId: string, signal: string): Promise<void> {
    const id = this.find(nameOrId);
    const { signalContainer } = await import('./stop.ts');
    await signalContainer(this.#context, id, nameOrId, signal);
  }

  async wait(nameOrId: string): Promise<number> {
    const id = this.find(nameOrId);
    const { waitForContainer } = await import('./stop.ts');
    return waitForContainer(this.#context, id);
  }

  async prepareExec(nameOrId: string, request: ExecRequest): Promise<Handover> {
    const id = this.find(nameOrId);
    const { prepareExec } = await import('./exec.ts');
    return prepareExec(this.#context, id, request);
  }

  async exec(nameOrId: string, request: ExecRequest): Promise<void> {
    const id = this.find(nameOrId);
    const { execDetached } = await import('./exec.ts');
    await execDetached(this.#context, id, request);
  }

  async prepareAttach(nameOrId: string, request: AttachRequest): Promise<Handover> {
    const id = this.find(nameOrId);
    const { prepareAttach } = await import('./attach.ts');
    const handover = await prepareAttach(this.#context, id, request);
    recordContainerEvent(this.#context, id, 'attach');
    return handover;
  }

  async restart(
    nameOrId: string,
    options: { readonly timeout?: number; readonly signal?: string },
  ): Promise<void> {
    const id = this.find(nameOrId);
    const { restartContainer } = await import('./restart.ts');
    await restartContainer(this.#context, id, options);
    recordContainerEvent(this.#context, id, 'restart');
  }

  async rename(nameOrId: string, name: string): Promise<void> {
    const id = this.find(nameOrId);
    const { renameContainer } = await import('./rename.ts');
    const before = this.#context.table.get(id)?.name ?? '';
    renameContainer(this.#context, id, name);
    recordContainerEvent(this.#context, id, 'rename', { oldName: `/${before}` });
  }

  async inspect(
    nameOrId: string,
    options: { readonly size?: boolean } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = this.find(nameOrId);
    const [{ inspectContainer }, { settingsOf }] = await Promise.all([
      import('./inspect.ts'),
      import('../network/look.ts'),
    ]);
    return inspectContainer(this.#context, id, settingsOf(this.#context, id), options);
  }

  async update(nameOrId: string, request: OptionRequest): Promise<readonly string[]> {
    const id = this.find(nameOrId);
    const { updateContainer } = await import('./update.ts');
    const warnings = updateContainer(this.#context, id, request);
    recordContainerEvent(this.#context, id, 'update');
    return warnings;
  }

  async pause(nameOrId: string): Promise<void> {
    const id = this.find(nameOrId);
    const { setPaused } = await import('./pause.ts');
    setPaused(this.#context, id, true);
    recordContainerEvent(this.#context, id, 'pause');
  }

  async unpause(nameOrId: string): Promise<void> {
    const id = this.find(nameOrId);
    const { setPaused } = await import('./pause.ts');
    setPaused(this.#context, id, false);
    recordContainerEvent(this.#context, id, 'unpause');
  }

  async changes(nameOrId: string): Promise<readonly PathChange[]> {
    const id = this.find(nameOrId);
    const { containerChanges } = await import('./changes.ts');
    return containerChanges(this.#context, id);
  }

  async copyFrom(nameOrId: string, request: CopyRequest): Promise<void> {
    const id = this.find(nameOrId);
    const { copyFromContainer } = await import('./copy.ts');
    await copyFromContainer(this.#context, id, request);
    recordContainerEvent(this.#context, id, 'archive-path');
  }

  async copyTo(nameOrId: string, request: CopyRequest): Promise<void> {
    const id = this.find(nameOrId);
    const { copyToContainer } = await import('./copy.ts');
    await copyToContainer(this.#context, id, request);
    recordContainerEvent(this.#context, id, 'extract-to-dir');
  }

  async *readArchive(
    nameOrId: string,
    request: Pick<CopyRequest, 'containerPath' | 'followLink'>,
  ): AsyncGenerator<Uint8Array> {
    const id = this.find(nameOrId);
    const { archiveFromContainer } = await import('./copy.ts');
    yield* archiveFromContainer(this.#context, id, request);
    recordContainerEvent(this.#context, id, 'archive-path');
  }

  async writeArchive(nameOrId: string, directory: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const id = this.find(nameOrId);
    const { archiveToContainer } = await import('./copy.ts');
    await archiveToContainer(this.#context, id, directory, archive);
    recordContainerEvent(this.#context, id, 'extract-to-dir');
  }

  async stats(id: string): Promise<StatsSample | undefined> {
    const { sampleStats } = await import('./stats.ts');
    return sampleStats(this.#context, id);
  }

  async top(nameOrId: string, options: readonly string[]): Promise<readonly (readonly string[])[]> {
    const id = this.find(nameOrId);
    const { containerTop } = await import('./top.ts');
    const rows = await containerTop(this.#context, id, options);
    recordContainerEvent(this.#context, id, 'top');
    return rows;
  }

  async restartable(): Promise<readonly string[]> {
    const { restartable } = await import('./restartable.ts');
    return restartable(this.#context);
  }

  async createCommand(nameOrId: string): Promise<readonly string[] | undefined> {
    return this.#context.table.spec(this.find(nameOrId))?.createCommand;
  }

  async logoutWarning(nameOrId: string): Promise<string | undefined> {
    const { store, table, machine } = this.#context;
    if (readSetting(store.database, TOLD_LOGOUT) !== undefined) return undefined;
    const { lossAtLogout, logoutWarning } = await import('../platform/logout.ts');
    const { NO_OPTIONS } = await import('./options.ts');
    const { scopeFor } = await import('./scope.ts');
    const uid = process.getuid?.() ?? 0;
    const user = loginName(uid);
    const inManager = (): boolean => {
      const id = this.find(nameOrId);
      return scopeFor(machine.platform.cgroup, id, 0, table.spec(id)?.options ?? NO_OPTIONS) !== undefined;
    };
    const loss = lossAtLogout({ user, uid, runtimeDirectory: store.paths.runtime(), inManager });
    if (loss === undefined) return undefined;
    writeSetting(store.database, TOLD_LOGOUT, loss);
    return logoutWarning(loss, user);
  }

  async prune(select: (container: ContainerSummary) => boolean): Promise<PrunedContainers> {
    const { pruneContainers } = await import('./prune.ts');
    const pruned = await pruneContainers(this.#context, this.list({ all: true }), select);
    await this.#tellOthers();
    return pruned;
  }

  async remove(
    nameOrId: string,
    options: { readonly force?: boolean; readonly volumes?: boolean } = {},
  ): Promise<void> {
    const id = this.find(nameOrId);
    const { removeContainer } = await import('./remove.ts');
    await removeContainer(this.#context, id, options);
    await this.#tellOthers();
  }
}
