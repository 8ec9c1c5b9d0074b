import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Account } from './sample.ts';

/** The registry of the test machine, as podman wants it named. */
export const REGISTRY = 'localhost:5000';
/** As the end-to-end tests have it: a run with `WHERRY_TEST_LANE` has an account of its own. */
const LOGIN = `wuser${process.env.WHERRY_TEST_LANE ?? ''}`;
const HOME = `/home/${LOGIN}`;
const WORK = path.join(HOME, 'wherry-bench');

/** The ordinary user that everything is measured as: one with a range of subordinate ids. */
export function account(): Account {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${LOGIN}:`));
  if (line === undefined) throw new Error(`There is no user ${LOGIN}: run test/machine/setup.sh first.`);
  const [, , uid, gid] = line.split(':').map(Number);
  return {
    uid: uid ?? 0,
    gid: gid ?? 0,
    env: {
      HOME,
      USER: LOGIN,
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      LANG: 'C.UTF-8',
      XDG_RUNTIME_DIR: `/run/user/${uid}`,
      WHERRY_ROOT: path.join(WORK, 'state'),
    },
  };
}

/** The program that the packed product installed in the user's home (test/e2e/setup.ts). */
export const WHERRY = path.join(HOME, 'wherry-under-test/node_modules/.bin/wherry');

/** The library of the same package. */
export const CORE = path.join(HOME, 'wherry-under-test/node_modules/wherry/dist/core.js');

/** podman's configuration for a machine without systemd, and a registry in plain http. */
function configurePodman(): void {
  const directory = path.join(HOME, '.config/containers');
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    path.join(directory, 'containers.conf'),
    '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
  );
  writeFileSync(
    path.join(directory, 'registries.conf'),
    `[[registry]]\nlocation = "${REGISTRY}"\ninsecure = true\n`,
  );
  writeFileSync(path.join(directory, 'storage.conf'), '[storage]\ndriver = "overlay"\n');
}

/** A busybox tree with a bundle for crun beside it: what the runtime alone costs, without image or overlay. */
function makeBundle(user: Account): string {
  const bundle = path.join(WORK, 'bundle');
  rmSync(bundle, { recursive: true, force: true });
  mkdirSync(path.join(bundle, 'rootfs/bin'), { recursive: true });
  for (const name of ['dev', 'proc', 'sys', 'tmp']) mkdirSync(path.join(bundle, 'rootfs', name));
  execFileSync('cp', ['/bin/busybox', path.join(bundle, 'rootfs/bin/true')]);
  execFileSync('crun', ['spec', '--rootless'], { cwd: bundle });
  const config = path.join(bundle, 'config.json');
  const spec = JSON.parse(readFileSync(config, 'utf8'));
  spec.process.args = ['/bin/true'];
  spec.process.terminal = false;
  // crun's own default mounts /sys/fs/cgroup, which a hybrid hierarchy refuses.
  spec.mounts = spec.mounts.filter((mount: { type: string }) => !/cgroup/.test(mount.type));
  writeFileSync(config, JSON.stringify(spec));
  execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, bundle]);
  return bundle;
}

export interface Peers {
  readonly user: Account;
  readonly bundle: string;
}

/** Makes what the comparisons need; the packages must be there (`npm run bench` installs them). */
export function preparePeers(): Peers {
  const user = account();
  if (!existsSync(WHERRY)) throw new Error(`${WHERRY} isn't there: run npm test first, which installs it.`);
  rmSync(path.join(WORK, 'state'), { recursive: true, force: true });
  mkdirSync(path.join(WORK, 'state'), { recursive: true });
  chownSync(WORK, user.uid, user.gid);
  chownSync(path.join(WORK, 'state'), user.uid, user.gid);
  configurePodman();
  execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, path.join(HOME, '.config')]);
  // What podman holds its namespaces by would keep the mounts of a former bench.
  const { uid, gid, env } = user;
  execFileSync('podman', ['system', 'migrate'], { uid, gid, env, cwd: HOME, stdio: 'ignore' });
  return { user, bundle: makeBundle(user) };
}
