import { mountError } from './error.ts';
import { type TmpfsOptions, tmpfsOptions } from './tmpfs.ts';

/** What a volume is, by its driver's options (`-o`). */
export type VolumeSource =
  /** A directory below the state directory. */
  | { readonly kind: 'directory' }
  /** A directory or file of the host. */
  | {
      readonly kind: 'bind';
      readonly device: string;
      readonly recursive: boolean;
      readonly readOnly: boolean;
    }
  /** Memory, of each container its own and gone when it stops. */
  | ({ readonly kind: 'tmpfs' } & TmpfsOptions);

const KNOWN = ['type', 'device', 'o'];

/**
 * Reads the options of the local driver: `type=none,device=/path,o=bind` and `type=tmpfs,device=tmpfs,o=size=10m`.
 * @throws WherryError `E_VOLUME_OPTION`, `E_TMPFS_OPTION`
 */
export function volumeSource(options: Readonly<Record<string, string>>): VolumeSource {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown === 'size') {
    throw invalid(
      'A volume can not be given a size here: quotas are set by root alone',
      'Use a tmpfs: -o type=tmpfs -o device=tmpfs -o o=size=100m',
    );
  }
  if (unknown !== undefined)
    throw invalid(`Invalid option: "${unknown}"`, `Options are ${KNOWN.join(', ')}.`);
  const { type, device, o } = options;
  if (type === undefined && device === undefined && o === undefined) return { kind: 'directory' };
  if (!type)
    throw invalid('Missing required option: "type"', 'Give -o type=none for a bind, or -o type=tmpfs.');
  if (!device)
    throw invalid(
      'Missing required option: "device"',
      'Give -o device=/path for a bind, or -o device=tmpfs.',
    );
  const words = (o ?? '').split(',').filter((word) => word !== '');
  if (type === 'tmpfs') return { kind: 'tmpfs', ...tmpfsOptions(words) };
  if (type !== 'none' && type !== 'bind') {
    throw invalid(
      `A file system of type "${type}" can not be mounted without root`,
      'Have it mounted on the host, and use -o type=none -o o=bind -o device=/where/it/is.',
    );
  }
  return bind(device, type === 'bind' ? ['bind', ...words] : words);
}

function bind(device: string, words: readonly string[]): VolumeSource {
  const foreign = words.find((word) => !['bind', 'rbind', 'ro', 'rw'].includes(word));
  if (foreign !== undefined)
    throw invalid(
      `Invalid mount option "${foreign}" of a bind`,
      'Options of a bind are bind, rbind, ro and rw.',
    );
  if (!words.includes('bind') && !words.includes('rbind'))
    throw invalid('The type "none" needs the mount option bind', 'Give -o o=bind.');
  if (!device.startsWith('/') || device.includes('\0'))
    throw invalid(`The device "${device}" must be an absolute path`, 'Write -o device=/path.');
  return { kind: 'bind', device, recursive: words.includes('rbind'), readOnly: words.includes('ro') };
}

function invalid(sentence: string, hint: string): Error {
  return mountError('E_VOLUME_OPTION', `${sentence}.`, hint);
}
