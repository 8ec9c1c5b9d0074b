import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseNameServers, parseRoutes, parseRoutes6 } from '../network/routes.ts';
import { kernelAtLeast } from '../platform/kernel.ts';
import type { Platform } from '../platform/platform.ts';
import type { Facts } from '../plugin/contract.ts';

/** Programs of the host that drivers may have use for. */
const PROGRAMS = ['pasta', 'slirp4netns', 'fuse-overlayfs', 'qemu-storage-daemon', 'fuse2fs'] as const;

export interface FactsRequest {
  readonly platform: Platform;
  /** File system below the state directory, by its name for mount(8). */
  readonly stateFilesystem: string;
  readonly reflink: boolean;
  readonly singleId: boolean;
  /** Directories of programs, `:` between them. */
  readonly path: string;
}

/** Gathers what drivers are told of the machine. */
export function gatherFacts({ platform, stateFilesystem, reflink, singleId, path }: FactsRequest): Facts {
  return {
    kernel: platform.kernel.release,
    architecture: platform.arch.architecture,
    stateFilesystem,
    reflink,
    // Overlay with `userxattr` came to user namespaces with Linux 5.11 (overlayfs.rst, "User xattr").
    kernelOverlay: platform.overlay && kernelAtLeast(platform.kernel, 5, 11),
    overlayLowerdirPlus: kernelAtLeast(platform.kernel, 6, 8),
    singleId,
    fuse: platform.fuse,
    tun: platform.tun,
    programs: PROGRAMS.filter((name) => findProgram(name, path) !== undefined),
    routes: [...parseRoutes(readText('/proc/net/route')), ...parseRoutes6(readText('/proc/net/ipv6_route'))],
    nameServers: parseNameServers(readText('/etc/resolv.conf')),
  };
}

/** Where a program lies: in `path`, or in the directories of administrators that a user's PATH may lack. */
export function findProgram(name: string, path: string): string | undefined {
  for (const directory of new Set([...path.split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'])) {
    if (!directory.startsWith('/')) continue;
    const file = join(directory, name);
    // Asked first, as a program that isn't there, the usual case, is then no exception.
    if (existsSync(file) && isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Tries whether files below a directory can share extents (ioctl_ficlone(2)). */
export function supportsReflink(directory: string): boolean {
  const trial = mkdtempSync(join(directory, 'reflink-'));
  try {
    writeFileSync(join(trial, 'a'), 'x');
    copyFileSync(join(trial, 'a'), join(trial, 'b'), constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A machine without routes or name servers is as good as one with empty tables.
    return '';
  }
}
