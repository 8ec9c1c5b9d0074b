import type { MountRequest } from './request.ts';
import { parseBytes } from './size.ts';

/** A mount as Docker's API has it (`HostConfig.Mounts`): what `--mount` said, and no more. */
export type AskedMount = Readonly<Record<string, unknown>>;

type Fields = ReadonlyMap<string, readonly string[]>;

/** @param fields What `--mount` gives by their keys, checked. */
export function askedMount(
  type: MountRequest['kind'],
  fields: Fields,
  source: string | undefined,
  on: (key: string) => boolean,
): AskedMount {
  const one = (key: string): string | undefined => fields.get(key)?.[0];
  const given = (key: string, value: unknown): AskedMount =>
    value === undefined || value === false ? {} : { [key]: value };
  const group = (name: string, prefix: string, options: AskedMount): AskedMount =>
    [...fields.keys()].some((key) => key.startsWith(prefix)) ? { [name]: options } : {};
  const size = one('tmpfs-size');
  return {
    Type: type,
    ...given('Source', source === '' ? undefined : source),
    Target: one('target'),
    ...given('ReadOnly', on('readonly')),
    ...group('BindOptions', 'bind-', {
      ...given('Propagation', one('bind-propagation')),
      ...given('NonRecursive', on('bind-nonrecursive') || one('bind-recursive') === 'disabled'),
      ...given('CreateMountpoint', on('bind-create-src')),
      ...given('ReadOnlyForceRecursive', one('bind-recursive') === 'readonly'),
    }),
    ...group('VolumeOptions', 'volume-', {
      ...given('NoCopy', on('volume-nocopy')),
      ...given('Labels', pairs(fields.get('volume-label'))),
      ...given('Subpath', one('volume-subpath')),
      DriverConfig: {
        ...given('Name', one('volume-driver')),
        ...given('Options', pairs(fields.get('volume-opt'))),
      },
    }),
    ...group('TmpfsOptions', 'tmpfs-', {
      ...given('SizeBytes', size === undefined ? undefined : parseBytes(size)),
      ...given(
        'Mode',
        one('tmpfs-mode') === undefined ? undefined : Number.parseInt(one('tmpfs-mode') ?? '', 8),
      ),
    }),
  };
}

function pairs(words: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  return (
    words && Object.fromEntries(words.map((word) => [word.split('=')[0], word.split('=').slice(1).join('=')]))
  );
}
