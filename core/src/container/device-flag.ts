import { accessSync, constants, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';

/** A device node of the host that a container gets, or a directory of such. */
export interface DeviceMapping {
  /** Absolute, on the host. */
  readonly source: string;
  readonly target: string;
  /** Out of `rwm`. */
  readonly permissions: string;
}

/**
 * Reads `--device SOURCE[:TARGET][:PERMISSIONS]`.
 * @throws WherryError `E_OPTION`, `E_DEVICE`
 */
export function parseDevice(text: string): DeviceMapping {
  if (/^[^/:]+\/[^/:=]+=/.test(text))
    throw new WherryError(`CDI device injection isn't there: ${text}`, {
      code: 'E_DEVICE',
      hint: 'Give the device nodes themselves, as --device /dev/dri/renderD128.',
    });
  const parts = text.split(':');
  const [source = '', second, third] = parts;
  const wrong = (why: string) =>
    refusedFlags(`invalid device specification: ${text}: ${why}`, 'It is SOURCE[:TARGET][:rwm].');
  if (parts.length > 3 || !source.startsWith('/')) throw wrong('it begins with a path of the host');
  const modes = (word: string): boolean => /^[rwm]{1,3}$/.test(word) && new Set(word).size === word.length;
  const target = second === undefined || (third === undefined && modes(second)) ? source : second;
  const permissions = third ?? (second !== undefined && target === source && modes(second) ? second : 'rwm');
  if (!target.startsWith('/')) throw wrong(`${target} isn't an absolute path`);
  if (!modes(permissions)) throw wrong(`${permissions} isn't made of r, w and m`);
  return { source, target, permissions };
}

/** One device node, found on the host, that the user may open. */
export interface Device {
  readonly source: string;
  readonly target: string;
  /** Whether the container starts without it when it can't be bound. */
  readonly optional?: boolean;
}

/**
 * The nodes that flags mean: a directory stands for all in it, as in Docker.
 * @throws WherryError `E_DEVICE` for one that isn't there, isn't a device, or that the user can't open
 */
export function findDevices(mappings: readonly DeviceMapping[]): readonly Device[] {
  return mappings.flatMap((mapping) => {
    const about = statSync(mapping.source, { throwIfNoEntry: false });
    if (about === undefined) throw gathering(mapping.source, 'no such file or directory');
    if (!about.isDirectory()) return [checkedDevice(mapping, about)];
    const found = nodesBelow(mapping.source).map((path) => ({
      source: path,
      target: join(mapping.target, path.slice(mapping.source.length)),
    }));
    if (found.length === 0) throw gathering(mapping.source, 'not a device node');
    return found;
  });
}

function checkedDevice({ source, target, permissions }: DeviceMapping, about: Stats): Device {
  if (!about.isCharacterDevice() && !about.isBlockDevice()) throw gathering(source, 'not a device node');
  const wanted =
    (permissions.includes('r') ? constants.R_OK : 0) | (permissions.includes('w') ? constants.W_OK : 0);
  try {
    accessSync(source, wanted);
  } catch (cause) {
    const group = groupName(about.gid);
    const mode = (about.mode & 0o777).toString(8).padStart(4, '0');
    const way =
      (about.mode & 0o060) !== 0 && about.gid !== 0
        ? `An administrator can let you: usermod -aG ${group} USER, and log in again.`
        : 'An administrator can let you by a udev rule, or by setfacl -m u:USER:rw on it.';
    throw new WherryError(
      `The device ${source} can't be opened by you: it has mode ${mode} and belongs to user ${about.uid} and group ${group}.`,
      { code: 'E_DEVICE', hint: way, cause },
    );
  }
  return { source, target };
}

/**
 * What to know of devices that a container can't use quite as it says. Permissions can't be narrowed to less than the user's own:
 * that takes a device cgroup, which takes privilege, and a read-only mount doesn't keep a node from being opened for writing. And a node that is open to a group of the user's alone needs that group inside.
 */
export function deviceWarnings(mappings: readonly DeviceMapping[], keepGroups: boolean): readonly string[] {
  const narrowed = mappings.filter(({ source, permissions }) =>
    (
      [
        ['r', constants.R_OK],
        ['w', constants.W_OK],
      ] as const
    ).some(([letter, wanted]) => !permissions.includes(letter) && mayOpen(source, wanted)),
  );
  const uid = process.getuid?.();
  const byGroup = mappings.filter(({ source }) => {
    const about = statSync(source, { throwIfNoEntry: false });
    if (about === undefined || about.isDirectory() || about.uid === uid || keepGroups) return false;
    return (about.mode & 0o006) !== 0o006 && about.gid !== process.getgid?.();
  });
  return [
    ...narrowed.map(
      ({ source, permissions }) =>
        `the permissions ${permissions} of ${source} aren't enforced: that takes a device cgroup, which takes privilege; what you may do with it, the container may.`,
    ),
    ...byGroup.map(
      ({ source }) =>
        `${source} is open to one of your groups alone: add --group-add keep-groups to have it open inside.`,
    ),
  ];
}

function mayOpen(path: string, wanted: number): boolean {
  try {
    accessSync(path, wanted);
    return true;
  } catch {
    return false;
  }
}

function nodesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isCharacterDevice() || entry.isBlockDevice()) return [path];
    return entry.isDirectory() ? nodesBelow(path) : [];
  });
}

function groupName(gid: number): string {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((each) => each.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}

function gathering(path: string, why: string): WherryError {
  return new WherryError(`error gathering device information while adding custom device "${path}": ${why}`, {
    code: 'E_DEVICE',
    hint: 'ls -l /dev   lists the devices of this machine.',
  });
}
