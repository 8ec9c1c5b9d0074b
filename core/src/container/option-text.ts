import { misread } from '../errors/argument.ts';
import { parseBytes } from '../volume/size.ts';

/** Bytes of `512m`. @throws WherryError `E_OPTION` */
export function readSize(flag: string, text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  const suffix = /^\d+(?:\.\d+)? ?([a-z]+)$/i.exec(text)?.[1];
  throw misread({
    flag,
    value: text,
    reason: suffix === undefined ? `invalid size: '${text}'` : `invalid suffix: '${suffix}'`,
    hint: 'A number with b, k, m or g, as 512m.',
  });
}

/** Both sides of `NAME=VALUE`; undefined when it is no such pair. */
export function pair(text: string): readonly [string, string] | undefined {
  const equals = text.indexOf('=');
  return equals > 0 ? [text.slice(0, equals), text.slice(equals + 1)] : undefined;
}

/** An object with the key, unless there is no value. */
export function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
