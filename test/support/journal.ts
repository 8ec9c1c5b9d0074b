import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

const DAEMON = '/lib/systemd/systemd-journald';

/** What keeps systemd-journald from being run here, if anything. */
export const journalObstacle: string | undefined = !existsSync(DAEMON)
  ? 'systemd-journald is not installed'
  : existsSync('/run/systemd/system')
    ? 'systemd runs this machine, whose journal is not for tests'
    : readMachineId() === ''
      ? 'the machine has no /etc/machine-id'
      : undefined;

/** A journal that is seen in one mount namespace alone. */
export interface Journal extends AsyncDisposable {
  /** A process in the namespace. */
  readonly pid: number;
}

const CONFIGURATION =
  '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nReadKMsg=no\nAudit=no\nForwardToSyslog=no\nForwardToWall=no\n';

/** Runs the real systemd-journald, which every user may read, in a mount namespace of its own. */
export async function startJournal(): Promise<Journal> {
  const script = [
    'mount -t tmpfs tmpfs /run/systemd && mount -t tmpfs tmpfs /run/log',
    'mkdir -p /run/systemd/journald.conf.d /run/systemd/journal /run/log/journal',
    'printf "$1" >/run/systemd/journald.conf.d/test.conf',
    `exec ${DAEMON}`,
  ].join('\n');
  execFileSync('mkdir', ['-p', '/run/systemd', '/run/log']);
  const daemon = spawn(
    'unshare',
    ['-m', '--propagation', 'private', 'sh', '-ec', script, 'sh', CONFIGURATION],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const pid = daemon.pid ?? 0;
  const inside = (...words: string[]) => execFileSync('nsenter', ['-t', String(pid), '-m', ...words]);
  for (const end = Date.now() + 60_000; ; ) {
    try {
      inside('test', '-S', '/run/systemd/journal/socket');
      inside('sh', '-c', 'test -n "$(find /run/log/journal -name system.journal)"');
      break;
    } catch (error) {
      if (Date.now() > end || daemon.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  inside('chmod', '-R', 'a+rX', '/run/log/journal');
  return {
    pid,
    async [Symbol.asyncDispose]() {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await ended;
    },
  };
}

function readMachineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}
