import { invalid } from './failure.ts';
import { option, optionValue } from './option.ts';
import { at } from './step.ts';
import type { DriverError, KeyValue, Location, OptionInfo } from './types.ts';

export class Rotation {
  /** Bytes in decimal digits, "0" for never. */
  maxSize!: string;
  maxFiles: i32 = 1;
  compress: bool = false;
}

const UNITS = 'bkmgtp';

/** What options ask for that aren't given: as `max-size`, `max-file` and `compress` take it. */
export class RotationDefaults {
  maxSize!: string;
  maxFiles!: string;
  compress!: string;
}

/** What `describe` lists of them. */
export function rotationOptions(defaults: RotationDefaults): OptionInfo[] {
  return [
    option(
      'max-size',
      'size',
      defaults.maxSize,
      'Size at which the file is rotated, such as 10m; -1 for never.',
    ),
    option('max-file', 'number', defaults.maxFiles, 'How many files are kept, the current one included.'),
    option('compress', 'boolean', defaults.compress, 'Whether rotated files are compressed.'),
  ];
}

/** What is wrong with max-size, max-file and compress, or null. */
export function checkRotation(options: KeyValue[], defaults: RotationDefaults): DriverError | null {
  const size = optionValue(options, 'max-size', defaults.maxSize);
  if (bytesOf(size) === '') {
    return invalid(
      `max-size is no size: "${size}"`,
      'Give a number with k, m or g, such as 10m; -1 for no limit.',
    );
  }
  const files = optionValue(options, 'max-file', defaults.maxFiles);
  if (!isCount(files)) {
    return invalid(
      `max-file is not a number from 1 to 1000: "${files}"`,
      'Give the number of files to keep.',
    );
  }
  const compress = optionValue(options, 'compress', defaults.compress);
  if (compress !== 'true' && compress !== 'false') {
    return invalid(`compress is neither true nor false: "${compress}"`, 'Give true or false.');
  }
  const asked = optionValue(options, 'compress', '') === 'true';
  if (asked && (files === '1' || bytesOf(size) === '0')) {
    return invalid(
      'compress cannot be true when max-file is less than 2 or max-size is not set',
      'Add --log-opt max-size=10m --log-opt max-file=3.',
    );
  }
  return null;
}

/** The rotation that valid options ask for. */
export function rotationOf(options: KeyValue[], defaults: RotationDefaults): Rotation {
  return {
    maxSize: bytesOf(optionValue(options, 'max-size', defaults.maxSize)),
    maxFiles: parseInt(optionValue(options, 'max-file', defaults.maxFiles), 10) as i32,
    compress:
      optionValue(options, 'compress', defaults.compress) === 'true' &&
      parseInt(optionValue(options, 'max-file', defaults.maxFiles), 10) > 1,
  };
}

/** The files of a log in the container's directory, oldest first. */
export function rotatedFiles(path: string, rotation: Rotation): Location[] {
  const files: Location[] = [];
  for (let i = rotation.maxFiles - 1; i > 0; i--) {
    if (rotation.compress) files.push(at('container', `${path}.${i.toString()}.gz`));
    files.push(at('container', `${path}.${i.toString()}`));
  }
  files.push(at('container', path));
  return files;
}

/** Docker's sizes: a number, perhaps with a fraction, and a unit by thousands. "" when it is none. */
export function bytesOf(text: string): string {
  if (text === '-1') return '0';
  let at = 0;
  let dots = 0;
  while (at < text.length && (isDigit(text, at) || (text.charCodeAt(at) === 46 && dots === 0 && at > 0))) {
    if (text.charCodeAt(at) === 46) dots++;
    at++;
  }
  if (at === 0 || at > 15) return '';
  const power = powerOf(text.slice(at).trim().toLowerCase());
  if (power < 0) return '';
  let value = parseFloat(text.slice(0, at));
  for (let i = 0; i < power; i++) value = value * 1000;
  if (value >= 9007199254740992.0) return '';
  return Math.floor(value).toString().split('.')[0];
}

/** 0 for bytes, 1 for k, kb or kib, and so on; -1 for anything else. */
function powerOf(unit: string): i32 {
  if (unit === '') return 0;
  const rest = unit.slice(1);
  const power = UNITS.indexOf(unit.charAt(0));
  if (power === 0) return rest === '' ? 0 : -1;
  return power > 0 && (rest === '' || rest === 'b' || rest === 'ib') ? power : -1;
}

function isCount(text: string): bool {
  if (text.length === 0 || text.length > 4) return false;
  for (let i = 0; i < text.length; i++) if (!isDigit(text, i)) return false;
  const count = parseInt(text, 10);
  return count >= 1 && count <= 1000;
}

function isDigit(text: string, at: i32): bool {
  const c = text.charCodeAt(at);
  return c >= 48 && c <= 57;
}
