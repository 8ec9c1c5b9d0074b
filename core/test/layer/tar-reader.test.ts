import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type TarEntry as Member, tar } from '../../../test/support/tar.ts';
import { TarError } from '../../src/layer/error.ts';
import { parsePax, parseTime } from '../../src/layer/pax.ts';
import type { TarEntry } from '../../src/layer/tar-entry.ts';
import { TarReader } from '../../src/layer/tar-reader.ts';
import { endOfArchive, formatHeader, padding } from '../../src/layer/tar-writer.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'wherry-tar-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Members with their content, holes filled with zeros; fed in pieces of `step` bytes. */
function read(archive: Buffer, step = archive.length): (TarEntry & { content: Buffer; holes: number })[] {
  const found: { entry: TarEntry; pieces: Buffer[]; holes: number }[] = [];
  const reader = new TarReader({
    entry: (entry) => found.push({ entry, pieces: [], holes: 0 }),
    data: (bytes) => found.at(-1)?.pieces.push(Buffer.from(bytes)),
    hole: (length) => {
      const last = found.at(-1);
      if (last === undefined) return;
      last.holes += length;
      last.pieces.push(Buffer.alloc(length));
    },
  });
  for (let at = 0; at < archive.length; at += step) reader.write(archive.subarray(at, at + step));
  reader.end();
  return found.map(({ entry, pieces, holes }) => ({ ...entry, content: Buffer.concat(pieces), holes }));
}

const extents = [
  { offset: 512, data: Buffer.alloc(512, 'a') },
  { offset: 4096, data: Buffer.alloc(1024, 'b') },
  { offset: 20_480, data: Buffer.alloc(0) },
];

describe('members', () => {
  const members: Member[] = [
    { name: 'directory/', type: 'directory', mode: 0o1777, uid: 7, gid: 8 },
    { name: 'file', body: 'content', mode: 0o4755, mtime: '1234567890.123456789' },
    { name: `long/${'n'.repeat(250)}`, body: 'x'.repeat(5000) },
    { name: Buffer.from('caf\xe9\xff', 'latin1'), body: '' },
    { name: Buffer.from(`${'p'.repeat(120)}\xe9`, 'latin1'), body: '' },
    { name: 'link', type: 'symlink', linkname: '/'.padEnd(300, 't') },
    { name: 'hard', type: 'hardlink', linkname: 'file' },
    { name: 'null', type: 'char', device: [1, 3] },
    { name: 'xattr', xattrs: { 'user.bytes': Buffer.from([0, 10, 255, 61]) } },
    { name: 'sparse', sparse: { format: 'pax-1.0', size: 20_480, extents } },
    { name: 'old-sparse', sparse: { format: 'old-gnu', size: 20_480, extents } },
    { name: 'last', body: 'end' },
  ];

  it.each([1, 7, 511, 512, 513, 65_536])('are read from pieces of %i bytes', (step) => {
    const found = read(tar(members), step);
    expect(found.map(({ name, type }) => [name.slice(0, 20), type])).toEqual([
      ['directory/', 'directory'],
      ['file', 'file'],
      [`long/${'n'.repeat(15)}`, 'file'],
      ['caf\xe9\xff', 'file'],
      ['p'.repeat(20), 'file'],
      ['link', 'symlink'],
      ['hard', 'link'],
      ['null', 'char'],
      ['xattr', 'file'],
      ['sparse', 'file'],
      ['old-sparse', 'file'],
      ['last', 'file'],
    ]);
    expect(found[0]).toMatchObject({ mode: 0o1777, uid: 7, gid: 8 });
    expect(found[1]).toMatchObject({
      mode: 0o4755,
      mtime: { seconds: 1_234_567_890, nanoseconds: 123_456_789 },
    });
    expect(found[1]?.content.toString()).toBe('content');
    expect(found[4]?.name.at(-1)).toBe('\xe9');
    expect(found[5]?.linkname).toHaveLength(300);
    expect(found[7]?.device).toEqual([1, 3]);
    expect(found[8]?.xattrs?.get('user.bytes')).toEqual(Buffer.from([0, 10, 255, 61]));
    const content = Buffer.alloc(20_480);
    for (const { offset, data } of extents) data.copy(content, offset);
    for (const sparse of found.slice(9, 11)) {
      expect(sparse.content.equals(content)).toBe(true);
      expect(sparse.holes).toBe(20_480 - 1536);
    }
    expect(found[11]?.content.toString()).toBe('end');
  });

  it.each(['gnu', 'posix', 'ustar', 'v7', 'oldgnu'])(
    'are read as GNU tar writes them in the format %s',
    (format) => {
      writeFileSync(path.join(directory, 'a-file'), 'some content');
      const archive = execFileSync('tar', ['-c', `--format=${format}`, '-C', directory, 'a-file']);
      expect(read(archive)[0]).toMatchObject({
        name: 'a-file',
        type: 'file',
        content: Buffer.from('some content'),
      });
    },
  );

  it.each([
    ['gnu', '1.0'],
    ['posix', '0.0'],
    ['posix', '0.1'],
    ['posix', '1.0'],
  ])('sparse files of GNU tar in the format %s, version %s, with many extents', (format, version) => {
    const file = path.join(directory, 'many-holes');
    writeFileSync(file, '');
    truncateSync(file, 4 << 20);
    const content = Buffer.alloc(4 << 20);
    for (let at = 0; at < 4 << 20; at += 64 << 10) content.write(`piece at ${at}`, at);
    writeFileSync(file, content);
    execFileSync('fallocate', ['--dig-holes', file]);
    const archive = execFileSync(
      'tar',
      ['-cS', `--format=${format}`, `--sparse-version=${version}`, '-C', directory, 'many-holes'],
      { maxBuffer: 1 << 26 },
    );
    const [found] = read(archive, 10_000);
    expect(found).toMatchObject({ name: 'many-holes', size: 4 << 20 });
    expect(found?.content.equals(content)).toBe(true);
    expect(found?.holes).toBeGreaterThan(3 << 20);
  });

  it('are written so that GNU tar reads them, and read again the same', () => {
    const entry: TarEntry = {
      type: 'file',
      name: `${'d'.repeat(90)}/${'f'.repeat(90)}`,
      linkname: '',
      mode: 0o6755,
      uid: 3_000_000,
      gid: 5,
      mtime: { seconds: -2, nanoseconds: 750_000_000 },
      size: 5,
      device: [0, 0],
      xattrs: new Map([['user.x', Buffer.from([255, 0, 10])]]),
    };
    const long = {
      ...entry,
      name: 'x'.repeat(200),
      xattrs: undefined,
      mtime: { seconds: 5, nanoseconds: 0 },
    };
    const body = Buffer.from('12345');
    const archive = Buffer.concat(
      [entry, long].flatMap((each) => [formatHeader(each), body, padding(5)]).concat(endOfArchive()),
    );
    const found = read(archive);
    expect(found[0]).toMatchObject({ ...entry, content: body });
    expect(found[1]).toMatchObject({ ...long, content: body });
    const listed = execFileSync('tar', ['-tv', '--numeric-owner', '--full-time'], {
      input: archive,
      env: { TZ: 'UTC', PATH: process.env.PATH },
    });
    expect(listed.toString()).toMatch(/-rwsr-sr-x 3000000\/5 +5 1969-12-31 .* d{90}\/f{90}/);
    expect(listed.toString()).toContain('x'.repeat(200));
  });
});

describe('what is no archive', () => {
  const whole = tar([{ name: 'file', body: 'x'.repeat(2000) }]);
  it.each([
    ['is cut in its content', whole.subarray(0, 1000)],
    ['is cut in a header', whole.subarray(0, 100)],
    ['is noise', Buffer.from('not a tar at all'.repeat(100))],
    ['has a changed header', Buffer.concat([Buffer.from('F'), whole.subarray(1)])],
    ['has a device of type Q', retyped(whole, 'Q')],
  ])('%s', (_, archive) => {
    expect(() => read(archive)).toThrow(TarError);
  });

  it('is empty, and that is fine', () => {
    expect(read(Buffer.alloc(0))).toEqual([]);
    expect(read(Buffer.alloc(1024))).toEqual([]);
  });

  it('goes on after its end, unread', () => {
    expect(read(Buffer.concat([whole, Buffer.from('rubbish'.repeat(500))]))).toHaveLength(1);
  });
});

it('takes sizes beyond 8 GiB', () => {
  const head = formatHeader({ ...plain(), size: 10 * 2 ** 30 });
  const seen: number[] = [];
  new TarReader({ entry: ({ size }) => seen.push(size), data: () => {}, hole: () => {} }).write(head);
  const binary = tar([{ name: 'big' }]).subarray(0, 512);
  binary.fill(0, 124, 136);
  binary[124] = 0x80;
  binary.writeUInt32BE(2, 128);
  const reader = new TarReader({ entry: ({ size }) => seen.push(size), data: () => {}, hole: () => {} });
  reader.write(resealed(binary));
  expect(seen).toEqual([10 * 2 ** 30, 8 * 2 ** 30]);
});

describe('pax records', () => {
  it.each(['5 a=b', 'x a=b\n', '999 a=b\n', '6 ab=\n3\n', '-9 a=b\n', '0 a=b\n'])(
    '%j are refused',
    (text) => {
      expect(() => parsePax(Buffer.from(text))).toThrow(TarError);
    },
  );
  it('hold times before 1970, and to the nanosecond', () => {
    expect(parseTime('-1.25')).toEqual({ seconds: -2, nanoseconds: 750_000_000 });
    expect(parseTime('1.0000000019')).toEqual({ seconds: 1, nanoseconds: 1 });
    expect(() => parseTime('soon')).toThrow(TarError);
  });
});

function plain(): TarEntry {
  return {
    type: 'file',
    name: 'big',
    linkname: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    size: 0,
    device: [0, 0],
    xattrs: undefined,
  };
}

function retyped(archive: Buffer, flag: string): Buffer {
  const copy = Buffer.from(archive);
  copy.write(flag, 156, 'latin1');
  return Buffer.concat([resealed(copy.subarray(0, 512)), copy.subarray(512)]);
}

function resealed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
