import { describe, expect, test } from 'vitest';
import type { CgroupSupport } from '../../src/platform/cgroup.ts';
import { findUserManager } from '../../src/platform/user-manager.ts';

const GROUP = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service';
const SESSION = '/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope';
const support: CgroupSupport = { version: 2, mount: '/sys/fs/cgroup', own: SESSION, controllers: [] };
const reader = {
  read: (path: string) => (path === `${GROUP}/cgroup.controllers` ? 'cpu memory pids\n' : undefined),
  writable: (path: string) => path === '/run/user/1000/systemd/private',
};
const find = (
  change: Partial<CgroupSupport> = {},
  uid = 1000,
  runtime: string | undefined = '/run/user/1000',
) => findUserManager({ ...support, ...change }, uid, runtime, reader);

describe('systemd’s user manager', () => {
  const found = {
    socket: '/run/user/1000/systemd/private',
    group: GROUP,
    controllers: ['cpu', 'memory', 'pids'],
  };

  test('is asked from a login session, which has nothing of its own', () => {
    expect(find()).toEqual(found);
  });
  test('is asked from within itself, too, whose groups are its own to arrange', () => {
    expect(find({ own: `${GROUP}/app.slice/term.scope`, delegated: GROUP })).toEqual(found);
    expect(find({ own: `${GROUP}/app.slice/web.service/x`, delegated: GROUP })).toEqual({
      ...found,
      service: 'web.service',
    });
  });
  test('is not asked where a directory was handed over, nor without cgroup v2 alone, nor for root', () => {
    const handed = '/sys/fs/cgroup/user.slice/user-1000.slice/ann';
    expect(find({ own: `${handed}/x`, delegated: handed })).toBeUndefined();
    expect(find({ version: 1 })).toBeUndefined();
    expect(find({}, 0)).toBeUndefined();
  });
  test('is not asked from a job of a batch system, which must not get out of its group', () => {
    expect(find({ own: '/sys/fs/cgroup/system.slice/slurmstepd.scope/job_4/step_0' })).toBeUndefined();
  });
  test('is not there for others, or without its socket', () => {
    expect(find({}, 1001)).toBeUndefined();
    expect(find({}, 1000, '/tmp')).toBeUndefined();
  });
});
