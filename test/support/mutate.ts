import type { randomness } from './random.ts';

type Random = ReturnType<typeof randomness>;

const SNIPPETS = [
  '../',
  '/',
  '.wh.',
  '.wh..wh..opq',
  '\0',
  '\xff',
  '777777777777',
  '9'.repeat(12),
  '5',
  'x',
  'g',
  'L',
  '-1',
];

/** Changes a few bytes; as often as not in a header whose checksum is then put right, so that more than it is tried. */
export function mutateTar(archive: Buffer, random: Random): Buffer {
  const copy = Buffer.from(archive);
  for (let times = random(6) + 1; times > 0; times -= 1) {
    const header = random(copy.length >> 9) << 9;
    const at = header + random(512);
    if (random(2) === 0) copy[at] = random(256);
    else copy.write(SNIPPETS[random(SNIPPETS.length)] ?? '', at, 'latin1');
    if (random(4) > 0) reseal(copy.subarray(header, header + 512));
  }
  return random(5) === 0 ? copy.subarray(0, random(copy.length)) : copy;
}

function reseal(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

/** Changes a few bytes anywhere, takes some away, or repeats some. */
export function mutateBytes(data: Buffer, random: Random): Buffer {
  let copy = Buffer.from(data);
  for (let times = random(4) + 1; times > 0 && copy.length > 0; times -= 1) {
    const at = random(copy.length);
    const length = random(16) + 1;
    const kind = random(4);
    if (kind === 0) copy[at] = random(256);
    else if (kind === 1) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    else if (kind === 2) copy = Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]);
    else copy = copy.subarray(0, at);
  }
  return copy;
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  '\0',
  '\u202e',
  'x'.repeat(70_000),
  '../../../../etc/passwd',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  `sha512:${'a'.repeat(128)}`,
  `md5:${'0'.repeat(32)}`,
  '__proto__',
  [],
  {},
  [null],
  { length: -1 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  Array.from({ length: 2000 }, () => ({})),
];

/** Another document of much the same shape: parts of it replaced, left out, doubled, or under other names. */
export function mutateJson(value: unknown, random: Random): unknown {
  if (random(12) === 0) return VALUES[random(VALUES.length)];
  if (Array.isArray(value)) {
    const items = value.map((item) => mutateJson(item, random));
    if (random(10) === 0) items.push(...items);
    if (random(10) === 0) items.shift();
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (random(15) === 0) return [];
    const name = random(20) === 0 ? (['__proto__', 'constructor', '', 'digest'][random(4)] ?? key) : key;
    return [[name, mutateJson(item, random)] as const];
  });
  return Object.fromEntries(entries);
}
