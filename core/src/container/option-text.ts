import { parseBytes } from '../volume/size.ts';
import { invalidOption } from './option-error.ts';

/** Bytes of `512m`. @throws WherryError `E_OPTION` */
export function positiveSize(flag: string, text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw invalidOption(`invalid size for ${flag}: '${text}'`, 'A number with b, k, m or g, as 512m.');
}

/** Both sides of `NAME=VALUE`. @throws WherryError `E_OPTION` */
export function pair(flag: string, text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw invalidOption(`invalid argument "${text}" for "${flag}" flag`, 'Write it as NAME=VALUE.');
}

/** An object with the key, unless there is no value. */
export function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
