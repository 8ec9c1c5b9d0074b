import { join } from 'node:path';
import type { CgroupReader, CgroupSupport } from './cgroup.ts';

/** systemd's manager of the user's units (user@.service(5)), which has controllers of cgroup v2 where a login session has none. */
export interface UserManager {
  /** Where it listens (org.freedesktop.systemd1(5)). */
  readonly socket: string;
  /** Absolute path of its own cgroup. */
  readonly group: string;
  /** The controllers that its units can be given. */
  readonly controllers: readonly string[];
  /** The service among its units that we are in, as `web.service`. */
  readonly service?: string;
}

/**
 * Finds the user's manager, where it is the one to be asked: in a login on a machine that has nothing but cgroup v2, unless a directory of
 * it has been handed to the user by other means. A job of a batch system is kept where that has put it, as is a service of the machine's.
 *
 * @param runtimeDirectory `XDG_RUNTIME_DIR`
 */
export function findUserManager(
  { version, mount, own = '', delegated }: CgroupSupport,
  uid: number,
  runtimeDirectory: string | undefined,
  reader: CgroupReader,
): UserManager | undefined {
  if (version !== 2 || mount === undefined || runtimeDirectory === undefined || uid === 0) return undefined;
  const logins = `${mount}/user.slice/user-${uid}.slice`;
  const group = `${logins}/user@${uid}.service`;
  const inside = own === group || own.startsWith(`${group}/`);
  if (!own.startsWith(`${logins}/`) || (delegated !== undefined && !inside)) return undefined;
  const socket = join(runtimeDirectory, 'systemd/private');
  const controllers = reader.read(`${group}/cgroup.controllers`);
  if (controllers === undefined || !reader.writable(socket)) return undefined;
  const names = controllers.split(/\s+/).filter((name) => name !== '');
  const service = own
    .slice(group.length)
    .split('/')
    .find((name) => name.endsWith('.service'));
  return { socket, group, controllers: names, ...(inside && service !== undefined && { service }) };
}
