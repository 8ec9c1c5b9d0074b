/*
 * What is null in an object of Docker's API has a type nevertheless, and Go prints, ranges over and indexes a nil map or list as an
 * empty one; json alone tells that it is null.
 */

const NIL_MAP: object = Object.freeze({});
const NIL_LIST: readonly never[] = Object.freeze([]);

/** Fields of the Engine API that are maps or lists, and null when nothing was said. */
const TYPES: ReadonlyMap<string, unknown> = new Map(
  Object.entries({
    map: [
      'Annotations',
      'ExposedPorts',
      'Labels',
      'Options',
      'PortBindings',
      'StorageOpt',
      'Sysctls',
      'Tmpfs',
      'Volumes',
    ],
    list: [
      ...[
        'Aliases',
        'Args',
        'Binds',
        'BlkioWeightDevice',
        'CapAdd',
        'CapDrop',
        'Cmd',
        'DeviceCgroupRules',
        'DeviceRequests',
      ],
      ...[
        'Devices',
        'Dns',
        'DNSNames',
        'DnsOptions',
        'DnsSearch',
        'Entrypoint',
        'Env',
        'ExecIDs',
        'ExtraHosts',
        'GroupAdd',
      ],
      ...[
        'Links',
        'MaskedPaths',
        'Mounts',
        'OnBuild',
        'ReadonlyPaths',
        'RepoDigests',
        'RepoTags',
        'SecurityOpt',
        'Shell',
      ],
      ...['Ulimits', 'VolumesFrom'],
    ],
  }).flatMap(([type, names]) => names.map((name) => [name, type === 'map' ? NIL_MAP : NIL_LIST])),
);

/** The value of a field, null given the type that Docker's field of that name has. */
export function typed(name: string, value: unknown): unknown {
  return value === null && TYPES.has(name) ? TYPES.get(name) : value;
}

export function isNil(value: unknown): boolean {
  return value === null || value === undefined || value === NIL_MAP || value === NIL_LIST;
}
