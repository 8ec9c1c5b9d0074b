import type { Propagation } from '../program/operation.ts';
import { mountError } from './error.ts';

/** What the host's mount at a place has to be, so that mounts made below it later come to a container. */
const NEEDED: Readonly<Record<Propagation, RegExp | undefined>> = {
  private: undefined,
  rprivate: undefined,
  slave: /^(shared|master):/,
  rslave: /^(shared|master):/,
  shared: /^shared:/,
  rshared: /^shared:/,
};

/**
 * Refuses a propagation that nothing would come of, as Docker does: with a private mount of the host, for example.
 * @param source as the user wrote it
 * @param path the same free of links, or the nearest directory that is there
 * @param mountinfo /proc/self/mountinfo
 * @throws WherryError `E_MOUNT_PROPAGATION`
 */
export function checkPropagation(
  source: string,
  path: string,
  propagation: Propagation,
  mountinfo: string,
): void {
  const needed = NEEDED[propagation];
  if (needed === undefined) return;
  const mount = mountAt(path, mountinfo);
  if (mount?.fields.some((field) => needed.test(field))) return;
  const kind = propagation.endsWith('slave') ? 'a shared or slave mount' : 'a shared mount';
  throw mountError(
    'E_MOUNT_PROPAGATION',
    `The path ${source} is mounted on ${mount?.point ?? '/'} but it is not ${kind}.`,
    `Leave ${propagation} out: nothing that is mounted there later would be seen in the container.`,
  );
}

interface HostMount {
  readonly point: string;
  /** Optional fields of proc_pid_mountinfo(5), as `shared:12`. */
  readonly fields: readonly string[];
}

/** The mount that a path lies in: of those above it the nearest, and of several at one place the last. */
function mountAt(path: string, mountinfo: string): HostMount | undefined {
  let found: HostMount | undefined;
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, , ...rest] = line.split(' ');
    if (escaped === undefined) continue;
    const point = unescapeOctal(escaped);
    const above = point === '/' || path === point || path.startsWith(`${point}/`);
    if (!above || point.length < (found?.point.length ?? 0)) continue;
    found = { point, fields: rest.slice(0, rest.indexOf('-')) };
  }
  return found;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
