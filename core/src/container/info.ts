import { readFileSync } from 'node:fs';
import type { EngineInfo } from '../api.ts';
import { WherryError } from '../errors/error.ts';
import { DEFAULT_SETTINGS } from '../registry/settings.ts';
import { readConfig } from './config.ts';
import { type ContainerContext, fold } from './context.ts';
import { DEFAULT_LOG_DRIVER } from './create.ts';
import { isPausedNow } from './pause.ts';
import { bestStorage, type StorageChoice } from './storage-choice.ts';
import { VERSION } from './version.ts';

/** What `info` tells of this installation, this user and this machine. */
export async function engineInfo(context: ContainerContext): Promise<EngineInfo> {
  const { store, table, machine, env } = context;
  const { platform, idmap } = machine;
  const drivers = await context.drivers();
  const config = readConfig(env);
  const storage = storageChoice(context, drivers, config.storageDriver);
  const folded = fold(context, table.inState('started'));
  const rows = table.all().filter(({ id }) => !folded.gone.has(id));
  const active = [...folded.running.values()];
  const paused = active.filter(isPausedNow).length;
  const named = (kind: string): string[] =>
    drivers.list().flatMap((driver) => (driver.kind === kind ? driver.name : []));
  return {
    version: VERSION,
    root: store.paths.root,
    runtimeDirectory: store.paths.runtime(),
    rootFilesystem: store.paths.filesystem,
    storageDriver: storage.name,
    storageDriverReason: storage.reason,
    logDriver: config.logDriver ?? DEFAULT_LOG_DRIVER,
    registries: { ...DEFAULT_SETTINGS, ...config.registries },
    drivers: { storage: named('storage'), network: named('network'), log: named('log') },
    images: store.database.get<{ count: number }>('SELECT count(*) AS count FROM image')?.count ?? 0,
    containers: { running: active.length - paused, paused, stopped: rows.length - active.length },
    userNamespace: { mode: idmap.mode, reason: idmapReason(context) },
    cgroup: {
      driver:
        platform.cgroup.manager !== undefined
          ? 'systemd'
          : platform.cgroup.delegated !== undefined || platform.cgroup.legacy !== undefined
            ? 'cgroupfs'
            : 'none',
      version: platform.cgroup.version === 2 ? 2 : 1,
      delegated:
        platform.cgroup.delegated !== undefined ||
        platform.cgroup.manager !== undefined ||
        platform.cgroup.legacy !== undefined,
    },
    kernel: platform.kernel.release,
    operatingSystem: operatingSystem(),
    architecture: platform.arch.architecture,
    cpus: platform.cpus,
    memory: platform.memory,
    warnings: warnings(context),
  };
}

function storageChoice(
  context: ContainerContext,
  drivers: Parameters<typeof bestStorage>[1],
  configured: string | undefined,
): StorageChoice {
  if (configured !== undefined) return { name: configured, reason: 'it is set in the configuration' };
  try {
    return bestStorage(context, drivers);
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    return { name: 'none', reason: error.hint };
  }
}

function idmapReason({ machine: { idmap } }: ContainerContext): string {
  switch (idmap.mode) {
    case 'single-id':
      return idmap.reason;
    case 'range': {
      const count = idmap.uids.reduce((sum, extent) => sum + extent.count, 0);
      return `${count} user ids, by newuidmap`;
    }
    case 'root-range':
      return `ids from ${idmap.uids[0]?.outside ?? 0}, which belong to nobody`;
  }
}

/** What needs a controller that has been delegated, in the words of Docker's warnings. */
const LIMITS: Readonly<Record<string, string>> = {
  memory: 'memory limit',
  cpu: 'cpu cfs quota',
  cpuset: 'cpuset',
  pids: 'pids limit',
  io: 'blkio weight',
};

function warnings({ machine, store }: ContainerContext): readonly string[] {
  const { userNamespaces, cgroup } = machine.platform;
  const { legacy = [] } = cgroup;
  const old = (name: string) => legacy.some(({ controller }) => controller === name);
  const missing = Object.entries(LIMITS).filter(
    ([name]) =>
      !cgroup.controllers.includes(name) &&
      cgroup.manager?.controllers.includes(name) !== true &&
      !old(name === 'io' ? 'blkio' : name),
  );
  return [
    ...(userNamespaces.usable ? [] : [`${userNamespaces.reason} ${userNamespaces.hint}`]),
    ...(store.paths.notice === undefined ? [] : [store.paths.notice]),
    ...(cgroup.delegated === undefined && !old('freezer') ? ['No pause support'] : []),
    ...missing.map(([, what]) => `No ${what} support`),
  ];
}

/** os-release(5). */
function operatingSystem(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync(path, 'utf8'))?.[1];
      if (name !== undefined) return name;
    } catch {
      // The other file may be there.
    }
  }
  return 'Linux';
}
