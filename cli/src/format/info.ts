import { hostname } from 'node:os';
import type { EngineInfo } from '@wherry/core/api';
import { binarySize } from './units.ts';

/** What of the kernel's confinement containers have; as Docker lists it. */
const SECURITY: readonly string[] = ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'];

/** As uname(2) has it, and Docker here; elsewhere it goes by Go's names. */
function machine(architecture: string): string {
  return MACHINES[architecture] ?? architecture;
}

const MACHINES: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i686',
  arm: 'armv7l',
  loong64: 'loongarch64',
};

/** Docker's names where Docker has the thing, for `info --format`. */
export function infoFields(info: EngineInfo): Record<string, unknown> {
  const { running, paused, stopped } = info.containers;
  return {
    Name: hostname(),
    ServerVersion: info.version,
    SecurityOptions: SECURITY,
    DefaultRuntime: 'wherry',
    Runtimes: { wherry: { path: 'wherry' } },
    CgroupDriver: info.cgroup.driver,
    Labels: [],
    Debug: false,
    ExperimentalBuild: false,
    LiveRestoreEnabled: true,
    IndexServerAddress: 'https://index.docker.io/v1/',
    Swarm: { LocalNodeState: 'inactive' },
    DockerRootDir: info.root,
    RuntimeDirectory: info.runtimeDirectory,
    RootFilesystem: info.rootFilesystem,
    Driver: info.storageDriver,
    DriverReason: info.storageDriverReason,
    LoggingDriver: info.logDriver,
    Plugins: { Storage: info.drivers.storage, Network: info.drivers.network, Log: info.drivers.log },
    RegistryConfig: {
      Mirrors: info.registries.mirrors['docker.io'] ?? [],
      MirrorsByRegistry: info.registries.mirrors,
      InsecureRegistries: info.registries.insecure,
      Search: info.registries.search,
      Blocked: info.registries.blocked,
      RequireDigest: info.registries.requireDigest,
    },
    Images: info.images,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    UserNamespace: { Mode: info.userNamespace.mode, Reason: info.userNamespace.reason },
    CgroupVersion: String(info.cgroup.version),
    CgroupDelegated: info.cgroup.delegated,
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSType: 'linux',
    Architecture: machine(info.architecture),
    NCPU: info.cpus,
    MemTotal: info.memory,
    Warnings: [...info.warnings],
  };
}

/** `wherry info`, laid out as Docker's. */
export function infoText(info: EngineInfo): string {
  const { running, paused, stopped } = info.containers;
  return [
    `Containers: ${running + paused + stopped}`,
    ` Running: ${running}`,
    ` Paused: ${paused}`,
    ` Stopped: ${stopped}`,
    `Images: ${info.images}`,
    `Server Version: ${info.version}`,
    `Storage Driver: ${info.storageDriver}`,
    ` Reason: ${info.storageDriverReason}`,
    ` Backing Filesystem: ${info.rootFilesystem}`,
    `Logging Driver: ${info.logDriver}`,
    `Cgroup Driver: ${info.cgroup.driver}`,
    `Cgroup Version: ${info.cgroup.version}`,
    ` Delegated: ${info.cgroup.delegated}`,
    'Plugins:',
    ` Storage: ${info.drivers.storage.join(' ')}`,
    ` Network: ${info.drivers.network.join(' ')}`,
    ` Log: ${info.drivers.log.join(' ')}`,
    'Security Options:',
    ...SECURITY.map(
      (option) => ` ${option.replace('name=', '').replace(',', '\n  ').replace('profile=', 'Profile: ')}`,
    ),
    `User Namespace: ${info.userNamespace.mode}`,
    ` Reason: ${info.userNamespace.reason}`,
    `Kernel Version: ${info.kernel}`,
    `Operating System: ${info.operatingSystem}`,
    'OSType: linux',
    `Architecture: ${machine(info.architecture)}`,
    `CPUs: ${info.cpus}`,
    `Total Memory: ${binarySize(info.memory)}`,
    `State Directory: ${info.root}`,
    `Runtime Directory: ${info.runtimeDirectory}`,
    ...registryLines(info.registries),
  ].join('\n');
}

/** What is set; nothing is said of what isn't. */
function registryLines({
  search,
  mirrors,
  insecure,
  blocked,
  requireDigest,
}: EngineInfo['registries']): string[] {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => ` ${line}`)];
  const mirrored = Object.entries(mirrors).flatMap(([registry, each]) =>
    each.map((mirror) => (registry === 'docker.io' ? mirror : `${mirror} (for ${registry})`)),
  );
  return [
    ...section('Registry Search', search.join() === 'docker.io' ? [] : search),
    ...section('Registry Mirrors', mirrored),
    ...section('Insecure Registries', insecure),
    ...section('Blocked Registries', blocked),
    ...section('Digests Required', requireDigest),
  ];
}
