import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LogoutRequest {
  readonly user: string;
  readonly uid: number;
  /** Absolute path. */
  readonly runtimeDirectory: string;
  /** Whether it belongs to the user's manager, wherever we are ourselves. */
  readonly inManager?: () => boolean;
  /** The directory that stands for `/`, for tests. */
  readonly root?: string;
  /** Asks systemd-logind, where its configuration says nothing: its makers' default is yes, and Debian's is no. */
  readonly killsUserProcesses?: () => boolean | undefined;
}

/** What ends with the user's last session: everything, or the run-time directory, without which networks and `exec` fail. */
export type LogoutLoss = 'processes' | 'runtime-directory';

/**
 * What of a container doesn't outlive the user's logout (logind.conf(5), loginctl(1), user@.service(5)); undefined when all of it
 * does: without systemd, for root, for a user who lingers, and where something other than a login has started us.
 */
export function lossAtLogout(request: LogoutRequest): LogoutLoss | undefined {
  const {
    user,
    uid,
    runtimeDirectory,
    root = '/',
    inManager = () => false,
    killsUserProcesses = askLogind,
  } = request;
  const at = (path: string): string => join(root, path);
  if (uid === 0 || !existsSync(at('run/systemd/system'))) return undefined;
  if (existsSync(at(`var/lib/systemd/linger/${user}`))) return undefined;
  const groups = readText(at('proc/self/cgroup'));
  // All of the user's manager is stopped, whatever logind is told of sessions.
  if (inManager() || groups.includes(`/user@${uid}.service`)) return 'processes';
  if (!/\/session-[^/]+\.scope/.test(groups)) return undefined;
  if (configured(root) ?? killsUserProcesses() ?? true) return 'processes';
  return runtimeDirectory.startsWith(`/run/user/${uid}`) ? 'runtime-directory' : undefined;
}

/** What the user is told. */
export function logoutWarning(loss: LogoutLoss, user: string): string {
  const what =
    loss === 'processes'
      ? 'this container ends when you log out'
      : 'this container loses its network when you log out, as /run/user goes';
  return `${what}, because systemd doesn't keep anything for ${user} then; "loginctl enable-linger ${user}" changes that, if need be by an administrator`;
}

const PLACES = ['usr/lib/systemd', 'usr/local/lib/systemd', 'run/systemd', 'etc/systemd'];

/** `KillUserProcesses` of the configuration: drop-ins by their names over the file, and of two places the later one. */
function configured(root: string): boolean | undefined {
  const files = PLACES.map((place) => join(root, place, 'logind.conf'));
  const dropIns = PLACES.flatMap((place) => {
    const directory = join(root, place, 'logind.conf.d');
    if (!existsSync(directory)) return [];
    return readdirSync(directory).map((name) => ({ name, path: join(directory, name) }));
  });
  const ordered = dropIns.filter(({ name }) => name.endsWith('.conf'));
  ordered.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let found: boolean | undefined;
  for (const path of [...files, ...ordered.map((each) => each.path)]) {
    for (const [, value = ''] of readText(path).matchAll(/^\s*KillUserProcesses\s*=\s*(\w+)\s*$/gm)) {
      found = /^(1|yes|true|on|y|t)$/i.test(value);
    }
  }
  return found;
}

function askLogind(): boolean | undefined {
  const names = ['org.freedesktop.login1', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager'];
  try {
    const answer = execFileSync('busctl', ['get-property', ...names, 'KillUserProcesses'], {
      encoding: 'utf8',
      timeout: 1000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return answer.trim() === 'b true';
  } catch {
    // No busctl, or no bus: nobody knows.
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
