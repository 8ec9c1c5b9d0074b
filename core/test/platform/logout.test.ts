import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logoutWarning, lossAtLogout } from '../../src/platform/logout.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-logout-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const SESSION = '0::/user.slice/user-1000.slice/session-3.scope\n';
const loss = (killsUserProcesses: boolean | undefined, runtimeDirectory = '/run/user/1000', uid = 1000) =>
  lossAtLogout({ user: 'ann', uid, runtimeDirectory, root, killsUserProcesses: () => killsUserProcesses });

describe('what is lost at logout', () => {
  it('is nothing without systemd', () => {
    put('proc/self/cgroup', SESSION);
    expect(loss(true)).toBeUndefined();
  });

  describe('with systemd', () => {
    beforeEach(() => {
      mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
      put('proc/self/cgroup', SESSION);
    });

    it('is everything of a session whose processes are killed', () => {
      expect(loss(true)).toBe('processes');
      // Nobody knows: better one warning too many.
      expect(loss(undefined)).toBe('processes');
    });
    it('is the run-time directory where they are left alone', () => {
      expect(loss(false)).toBe('runtime-directory');
      expect(loss(false, '/tmp/wherry-1000')).toBeUndefined();
    });
    it('is nothing for root, and for one who lingers', () => {
      expect(loss(true, '/run/user/0', 0)).toBeUndefined();
      put('var/lib/systemd/linger/ann');
      expect(loss(true)).toBeUndefined();
    });
    it('is everything below the user’s manager', () => {
      put('proc/self/cgroup', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n');
      expect(loss(false)).toBe('processes');
    });
    it('is everything of what belongs to that manager, wherever we are', () => {
      const request = { user: 'ann', uid: 1000, runtimeDirectory: '/tmp/x', root };
      const lost = (inManager: boolean) =>
        lossAtLogout({ ...request, killsUserProcesses: () => false, inManager: () => inManager });
      expect([lost(true), lost(false)]).toEqual(['processes', undefined]);
    });
    it('is nothing where no login has started us', () => {
      put('proc/self/cgroup', '0::/system.slice/slurmstepd.scope/job_4\n');
      expect(loss(true)).toBeUndefined();
    });
    it('is as the configuration says, the last drop-in first of all', () => {
      put('etc/systemd/logind.conf', '[Login]\n#KillUserProcesses=yes\nKillUserProcesses=yes\n');
      expect(loss(false)).toBe('processes');
      put('usr/lib/systemd/logind.conf.d/90-vendor.conf', '[Login]\nKillUserProcesses=no\n');
      put('etc/systemd/logind.conf.d/10-own.conf', '[Login]\nKillUserProcesses=yes\n');
      expect(loss(true)).toBe('runtime-directory');
    });
  });
});

it('is told with what mends it', () => {
  expect(logoutWarning('processes', 'ann')).toMatch(/ends when you log out.*loginctl enable-linger ann/);
  expect(logoutWarning('runtime-directory', 'ann')).toMatch(/loses its network.*loginctl enable-linger ann/);
});
