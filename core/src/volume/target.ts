import { posix } from 'node:path';
import { mountError } from './error.ts';

/** Files below /proc that LXCFS and the like may stand in for; runc's list. */
const PROC_FILES: ReadonlySet<string> = new Set(
  [
    'cpuinfo diskstats loadavg meminfo net/dev slabinfo stat swaps uptime',
    'sys/kernel/ns_last_pid sys/crypto/fips_enabled',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `/proc/${name}`),
);

/**
 * A mount's target without `.`, `..` and double slashes.
 * @param spec What the user wrote, for the message.
 * @throws WherryError `E_MOUNT_TARGET`
 */
export function checkTarget(target: string, spec: string): string {
  if (target === '') throw targetError(spec, 'the target is missing');
  if (target.includes('\0')) throw targetError(spec, 'the target holds a NUL byte');
  if (!target.startsWith('/')) throw targetError(spec, `the target "${target}" must be an absolute path`);
  const normal = posix.normalize(target).replace(/(?<=.)\/+$/, '');
  if (normal === '/') throw targetError(spec, "the target can't be '/'");
  if (normal === '/proc' || (normal.startsWith('/proc/') && !PROC_FILES.has(normal))) {
    throw mountError(
      'E_MOUNT_TARGET',
      `Invalid mount "${spec}": "${normal}" can't be mounted over, it is the container's own /proc.`,
      'Choose a target outside /proc.',
    );
  }
  return normal;
}

function targetError(spec: string, reason: string): Error {
  return mountError(
    'E_MOUNT_TARGET',
    `Invalid mount "${spec}": ${reason}.`,
    'The target is an absolute path inside the container, and not "/".',
  );
}
