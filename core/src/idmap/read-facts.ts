import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loginName } from '../platform/host.ts';
import type { IdmapFacts } from './choose.ts';
import { parseIdMap } from './extent.ts';
import {
  chooseHelper,
  HELPER_DIRECTORIES,
  type HelperChoice,
  type HelperFacts,
  type HelperName,
} from './helper.ts';
import { parseSubid } from './subid.ts';

export interface IdmapCaller {
  readonly uid: number;
  readonly gid: number;
  readonly name?: string;
}

/**
 * Reads what chooseIdmap needs; well under a millisecond. A file that isn't there, or may not be read, counts as empty.
 *
 * @param root The directory that stands for `/`, for tests.
 */
export function readIdmapFacts(caller: IdmapCaller = currentCaller(), root = '/'): IdmapFacts {
  const powerless = powerlessness(read(root, 'proc/self/status'));
  return {
    ...caller,
    subuid: parseSubid(read(root, 'etc/subuid'), '/etc/subuid'),
    subgid: parseSubid(read(root, 'etc/subgid'), '/etc/subgid'),
    newuidmap: findHelper(root, 'newuidmap', powerless),
    newgidmap: findHelper(root, 'newgidmap', powerless),
    parentUids: parseIdMap(read(root, 'proc/self/uid_map')),
    parentGids: parseIdMap(read(root, 'proc/self/gid_map')),
    // For the private range of root alone; a cluster's files have thousands of lines.
    usedUids: caller.uid === 0 ? thirdFields(read(root, 'etc/passwd')) : [],
    usedGids: caller.uid === 0 ? thirdFields(read(root, 'etc/group')) : [],
  };
}

function currentCaller(): IdmapCaller {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  try {
    return { uid, gid, name: loginName(uid) };
  } catch {
    // A user id without a passwd entry, as some clusters have; /etc/subuid may name it by number.
    return { uid, gid };
  }
}

const SETGID_AND_SETUID = 0b11n << 6n;

/** Of /proc/self/status: no_new_privs (prctl(2)), and the bounding set (capabilities(7)), which containers narrow. */
function powerlessness(status: string): string | undefined {
  if (/^NoNewPrivs:\s*1$/m.test(status)) return 'no_new_privs is set';
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (bounding === undefined || (BigInt(`0x${bounding}`) & SETGID_AND_SETUID) === SETGID_AND_SETUID)
    return undefined;
  return 'the bounding set lacks CAP_SETUID or CAP_SETGID';
}

function findHelper(root: string, name: HelperName, powerless: string | undefined): HelperChoice {
  const found = HELPER_DIRECTORIES.flatMap((directory) => examine(root, `${directory}/${name}`) ?? []);
  return chooseHelper(name, found, powerless);
}

function examine(root: string, path: string): HelperFacts | undefined {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return undefined;
  let executable = true;
  try {
    accessSync(join(root, path), constants.X_OK);
  } catch {
    executable = false;
  }
  return { path, executable, setuidRoot: (stat.mode & 0o4000) !== 0 && stat.uid === 0 };
}

/** The ids of /etc/passwd and /etc/group, which have the same place in both. */
function thirdFields(text: string): number[] {
  return [...text.matchAll(/^[^:\n]*:[^:\n]*:(\d{1,10}):/gm)].map((match) => Number(match[1]));
}

function read(root: string, path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}
