import { randomHex } from '../store/random.ts';
import { mountError } from './error.ts';

const VALID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** What a file system allows for a name. */
const MAXIMUM_BYTES = 255;

/** A name for a volume that nobody named. */
export function newVolumeName(): string {
  return randomHex(32);
}

/**
 * Checks the name of a volume, as `-v name:/path` gives it.
 * @throws WherryError `E_VOLUME_NAME`, in Docker's words.
 */
export function checkVolumeName(name: string): string {
  if (name.length > MAXIMUM_BYTES) {
    throw mountError(
      'E_VOLUME_NAME',
      `The volume name "${name.slice(0, 20)}…" is too long: ${name.length} characters.`,
      `Use ${MAXIMUM_BYTES} characters or fewer.`,
    );
  }
  if (VALID.test(name)) return name;
  if (/^[a-zA-Z0-9]$/.test(name)) {
    throw mountError(
      'E_VOLUME_NAME',
      `The volume name "${name}" is too short, names should be at least two characters long.`,
      'Choose a longer name.',
    );
  }
  throw mountError(
    'E_VOLUME_NAME',
    `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed.`,
    name.startsWith('~')
      ? 'The shell left the ~ as it is: write "$HOME" in its place.'
      : 'If you intended to pass a host directory, use an absolute path, or one that begins with ./',
  );
}
