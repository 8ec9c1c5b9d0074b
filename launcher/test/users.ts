import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { account } from '../../test/support/user.ts';

export const BUSYBOX = '/bin/busybox';

/** Whom the containers of a test belong to. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly range: { readonly start: number; readonly count: number } | undefined;
}

function rangeOf(name: string): User['range'] {
  if (!existsSync('/etc/subuid') || !existsSync('/usr/bin/newuidmap')) return undefined;
  const line = readFileSync('/etc/subuid', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}:`));
  const [, start, count] = line?.split(':').map(Number) ?? [];
  return start === undefined || count === undefined ? undefined : { start, count };
}

function lookUp(name: string): User | undefined {
  try {
    const [, , uid, gid] = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).split(':');
    return { name, uid: Number(uid), gid: Number(gid), range: rangeOf(name) };
  } catch {
    return undefined;
  }
}

/** Who runs the tests. */
export const self = userInfo();
const candidates =
  self.uid === 0
    ? [lookUp(account('wnosub')), lookUp(account('wuser'))]
    : [{ name: self.username, uid: self.uid, gid: self.gid, range: undefined }];

/** An ordinary user with a single id; undefined when the tests are root's and there is none. */
export const user = candidates.find((candidate) => candidate !== undefined && candidate.range === undefined);
/** One with a range of subordinate ids. */
export const rangeUser =
  self.uid === 0 ? candidates.find((candidate) => candidate?.range !== undefined) : lookUp(self.username);

/** Why containers can't be tried here; undefined when they can. */
export const obstacle = !existsSync(BUSYBOX)
  ? 'busybox-static is not installed'
  : user === undefined
    ? 'the tests run as root, and there is no user wnosub to run containers as'
    : undefined;
