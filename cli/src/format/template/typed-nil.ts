import { isObject, MAPS } from '../maps.ts';

/*
 * What is null in an object of Docker's API has a type nevertheless, and Go prints, ranges over and indexes a nil map or list as an
 * empty one; json alone tells that it is null.
 */

const NIL_MAP: object = Object.freeze({});
const NIL_LIST: readonly never[] = Object.freeze([]);

/** Fields of the Engine API that are maps or lists, and null when nothing was said. */
const TYPES: ReadonlyMap<string, unknown> = new Map(
  Object.entries({
    map: [...MAPS],
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

/** What Docker leaves out of its JSON and its client knows nevertheless: the zero value of each. */
const LEFT_OUT: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['ClusterVolume', 'Descriptor', 'Health', 'Healthcheck', 'ImageManifestDescriptor', 'Init'].map(nil),
  ...['SizeRootFs', 'SizeRw', 'StopTimeout', 'UsageData'].map(nil),
  ...['Author', 'Comment', 'Container', 'DockerVersion', 'Isolation', 'MacAddress', 'Parent'].map(empty),
  ...['Runtime', 'StopSignal', 'Variant'].map(empty),
  ...['ArgsEscaped', 'NetworkDisabled'].map((name): [string, unknown] => [name, false]),
]);

function nil(name: string): [string, unknown] {
  return [name, null];
}

function empty(name: string): [string, unknown] {
  return [name, ''];
}

/** Objects that came out of a field which is a map. */
const maps = new WeakSet<object>();

/** The value of a field, null given the type that Docker's field of that name has. */
export function typed(name: string, value: unknown): unknown {
  if (value === null && TYPES.has(name)) return TYPES.get(name);
  if (MAPS.has(name) && isObject(value)) maps.add(value);
  return value;
}

/** What stands for a field that an object doesn't have; undefined when Docker has no such field either. */
export function leftOut(name: string): unknown {
  return TYPES.has(name) ? TYPES.get(name) : LEFT_OUT.get(name);
}

/** Whether it may have any key. */
export function isMap(value: unknown): boolean {
  return value === NIL_MAP || (isObject(value) && maps.has(value));
}

export function isNil(value: unknown): boolean {
  return value === null || value === undefined || value === NIL_MAP || value === NIL_LIST;
}
