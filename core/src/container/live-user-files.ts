import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf } from '../store/errno.ts';
import { DATABASE_LIMIT } from '../user/database.ts';
import type { UserFiles } from './user-files.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * /etc/passwd and /etc/group of a container that runs, without the worker, whose start takes longer than all else of an
 * `exec`. The container may change its files meanwhile, so each step is taken from an open directory, and none over a
 * link, which would lead out of the container's root.
 * @param root `/proc/PID/root` of the container's first process, which its user may look into (proc_pid_root(5))
 * @returns undefined when the worker has to be asked: there is a link, or something that can't be read
 */
export function liveUserFiles(root: string): UserFiles | undefined {
  let etc: number | undefined;
  try {
    etc = openSync(`${root}/etc`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const passwd = read(`/proc/self/fd/${etc}/passwd`);
    const group = read(`/proc/self/fd/${etc}/group`);
    return passwd === undefined || group === undefined ? undefined : { passwd, group };
  } catch (error) {
    // A link is ENOTDIR or ELOOP; what can't be read is EACCES or EPERM, and a container that has ended by now ENOENT.
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (etc !== undefined) closeSync(etc);
  }
}

/** Empty when there is no such file; undefined for what is no file, as a pipe that nobody writes to. */
function read(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= DATABASE_LIMIT ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
