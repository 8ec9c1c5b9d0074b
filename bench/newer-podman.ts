import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Account } from './sample.ts';

/**
 * A root file system of a later Debian with podman in it, beside the machine's own podman. It is made once, as root:
 *
 *     mmdebstrap --variant=minbase --include=podman,crun,conmon,passt,netavark,uidmap,fuse-overlayfs,util-linux trixie DIRECTORY
 *
 * and named by WHERRY_BENCH_DEBIAN13.
 */
const ROOT = process.env.WHERRY_BENCH_DEBIAN13 ?? '/var/cache/wherry-bench/debian13';

export interface NewerPodman {
  readonly version: string;
  /** What runs podman in there as the user, whose home is the same inside; to be started by root. */
  readonly command: (args: readonly string[]) => readonly string[];
}

/** Undefined where there is none. */
export function newerPodman(user: Account & { readonly home: string }): NewerPodman | undefined {
  if (!existsSync(path.join(ROOT, 'usr/bin/podman'))) return undefined;
  const name = user.env.USER ?? '';
  for (const file of ['passwd', 'group', 'subuid', 'subgid'])
    copyLines(`/etc/${file}`, path.join(ROOT, 'etc', file), name);
  writeFileSync(path.join(ROOT, 'etc/hosts'), '127.0.0.1 localhost\n');
  const script = path.join(ROOT, '../enter-debian13.sh');
  writeFileSync(script, enter(user));
  const status = execFileSync('chroot', [ROOT, 'dpkg-query', '-s', 'podman']).toString();
  const [, version = ''] = /^Version: ([\d.]+)/m.exec(status) ?? [];
  return {
    version: `podman ${version}`,
    command: (args) => ['unshare', '--mount', '--propagation', 'private', 'bash', script, 'podman', ...args],
  };
}

/** The lines of a user, unless they are there. */
function copyLines(from: string, to: string, name: string): void {
  const there = existsSync(to) ? readFileSync(to, 'utf8') : '';
  const lines = readFileSync(from, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`) && !there.includes(line));
  for (const line of lines) appendFileSync(to, `${line}\n`);
}

/** pivot_root and not chroot, inside which no user namespaces can be made. A hybrid of cgroups is hidden, as podman 5 refuses it. */
function enter({ uid, gid, env, home }: Account & { readonly home: string }): string {
  mkdirSync(path.join(ROOT, 'old'), { recursive: true });
  mkdirSync(path.join(ROOT, home), { recursive: true });
  const settings = { ...env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
  const words = Object.entries(settings).map(([key, value]) => `'${key}=${value}'`);
  return `set -e
mount --bind ${ROOT} ${ROOT}; cd ${ROOT}
mount --rbind /dev dev; mount -t proc proc proc; mount --rbind /sys sys; umount -l sys/fs/cgroup/unified 2>/dev/null || true
mount -t tmpfs tmpfs tmp; mount -t tmpfs tmpfs run; mount --bind ${home} .${home}
pivot_root . old; umount -l /old; mount --make-rshared /; chmod 1777 /tmp
mkdir -p /run/user/${uid}; chown ${uid}:${gid} /run/user/${uid}; chmod 700 /run/user/${uid}
cd; exec setpriv --reuid=${uid} --regid=${gid} --init-groups env -i ${words.join(' ')} "$@"
`;
}
