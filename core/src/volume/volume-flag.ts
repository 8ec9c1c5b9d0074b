import { posix } from 'node:path';
import { refusedFlags } from '../errors/argument.ts';
import type { Propagation } from '../program/operation.ts';
import { mountError } from './error.ts';
import { checkVolumeName } from './name.ts';
import type { MountRequest, VolumesFrom } from './request.ts';
import { checkTarget } from './target.ts';

/** Words of a mode by what they say; one of each group at most. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  access: ['ro', 'rw'],
  // Containers keep the user's own SELinux label, so that no relabelling is needed.
  label: ['z', 'Z'],
  propagation: ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'],
  copy: ['nocopy'],
  chown: ['U'],
  // For machines whose containers run in a virtual machine; Docker on Linux passes them over, too.
  consistency: ['consistent', 'cached', 'delegated'],
};

type Mode = ReadonlyMap<string, string>;

/**
 * Reads `-v [SOURCE:]TARGET[:MODE]` as Docker does. A relative source that begins with a dot is one of the host, below
 * `directory`; `~` is the shell's to expand.
 *
 * @throws WherryError `E_VOLUME_INVALID`, `E_VOLUME_MODE`, `E_VOLUME_NAME`, `E_MOUNT_TARGET`
 */
export function parseVolumeFlag(spec: string, directory = process.cwd()): MountRequest {
  const parts = spec.split(':');
  if (spec === '') throw unreadable('invalid empty volume spec');
  // As Docker's client splits it, two colons alone have more to them than it looks into.
  if (parts.length > 1 && parts.some((part) => part === '') && spec !== ':')
    throw unreadable(`invalid spec: ${spec}: empty section between colons`);
  const [first = '', second, third, ...more] = parts;
  if (first === '' || more.length > 0 || spec.includes('\0')) throw invalid(spec);
  if (second === undefined) return anonymous(checkTarget(first, spec));
  // `/data:ro` would be a volume with a mode, which has no name to go by.
  if (third === undefined && second !== '' && parseMode(second) !== undefined) throw invalid(spec);
  const mode = parseMode(third ?? '');
  if (mode === undefined) throw invalidMode(third ?? '');
  const common = {
    target: checkTarget(second, spec),
    readOnly: mode.get('access') === 'ro',
    chown: mode.has('chown'),
    mode: third ?? '',
  };
  const source = first.startsWith('.') ? posix.resolve(directory, first) : first;
  if (source.startsWith('/')) {
    if (mode.has('copy')) throw invalidMode(third ?? '', 'nothing is copied into a directory of the host');
    return {
      kind: 'bind',
      ...common,
      source: posix.normalize(source),
      createSource: true,
      propagation: (mode.get('propagation') as Propagation | undefined) ?? 'rprivate',
      recursive: true,
    };
  }
  if (mode.has('propagation')) throw invalidMode(third ?? '', 'propagation is for directories of the host');
  return {
    kind: 'volume',
    ...common,
    name: checkVolumeName(source),
    yields: false,
    copyUp: !mode.has('copy'),
  };
}

/**
 * Reads `--volumes-from CONTAINER[:MODE]`.
 * @throws WherryError `E_VOLUMES_FROM`, `E_VOLUME_MODE`
 */
export function parseVolumesFrom(spec: string): VolumesFrom {
  const colon = spec.indexOf(':');
  const container = colon === -1 ? spec : spec.slice(0, colon);
  if (container === '') {
    throw mountError(
      'E_VOLUMES_FROM',
      'A --volumes-from specification cannot be an empty string.',
      'Name a container: --volumes-from CONTAINER[:ro]',
    );
  }
  const text = colon === -1 ? '' : spec.slice(colon + 1);
  const mode = parseMode(text);
  const foreign = ['propagation', 'copy', 'chown'].some((group) => mode?.has(group));
  if (mode === undefined || foreign) throw invalidMode(text, 'with --volumes-from, it is ro or rw');
  return { container, readOnly: mode.get('access') === 'ro' };
}

function anonymous(target: string): MountRequest {
  return {
    kind: 'volume',
    name: undefined,
    yields: true,
    target,
    readOnly: false,
    copyUp: true,
    chown: false,
    mode: '',
  };
}

/** The mode's words by group, or undefined when one is unknown or a group has two. */
function parseMode(text: string): Mode | undefined {
  const mode = new Map<string, string>();
  if (text === '') return mode;
  for (const word of text.split(',')) {
    const group = Object.keys(GROUPS).find((each) => GROUPS[each]?.includes(word));
    if (group === undefined || mode.has(group)) return undefined;
    mode.set(group, word);
  }
  return mode;
}

const HINT = 'Write -v /host/directory:/target[:MODE], -v NAME:/target[:MODE], or -v /target.';

/** What Docker's client can't make out. */
function unreadable(sentence: string): Error {
  return refusedFlags(sentence, HINT, 'E_VOLUME_INVALID');
}

function invalid(spec: string): Error {
  const written = spec.replaceAll('\0', '\\0');
  return mountError('E_VOLUME_INVALID', `invalid volume specification: '${written}'`, HINT);
}

function invalidMode(mode: string, reason?: string): Error {
  return mountError(
    'E_VOLUME_MODE',
    `invalid mode: ${mode === '' ? '""' : mode}${reason === undefined ? '' : ` (${reason})`}`,
    'A mode is a list, by commas, of ro or rw, z or Z, U, nocopy, and rprivate, private, rslave, slave, rshared or shared.',
  );
}
