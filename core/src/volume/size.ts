const UNITS = 'bkmgtp';

/** Bytes for `64m`, `1.5g`, `1024`, `64MiB`: binary units, as Docker reads a size in memory. Undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(?:([bkmgtp])i?b?)?$/i.exec(text);
  if (match === null) return undefined;
  const exponent = UNITS.indexOf((match[2] ?? 'b').toLowerCase());
  const bytes = Math.floor(Number(match[1]) * 1024 ** exponent);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
