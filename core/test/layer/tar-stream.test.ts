import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { type TarEntry as Member, tar } from '../../../test/support/tar.ts';
import type { TarEntry } from '../../src/layer/tar-entry.ts';
import { TarReader } from '../../src/layer/tar-reader.ts';

interface Found {
  /** Names as bytes, in latin1. */
  readonly name: string;
  readonly type: string;
  readonly mode: number | undefined;
  readonly owner: readonly [uid: number | undefined, gid: number | undefined];
  readonly linkname: string;
  readonly content: string;
}

async function byTarStream(archive: Buffer): Promise<{ found: Found[]; headers: Header[] }> {
  const found: Found[] = [];
  const headers: Header[] = [];
  const reader = extract();
  Readable.from([archive]).pipe(reader);
  for await (const member of reader) {
    const { header } = member as unknown as { readonly header: Header };
    const pieces: Buffer[] = [];
    for await (const piece of member) pieces.push(piece as Buffer);
    const { name, type, mode, uid, gid, linkname } = header;
    headers.push(header);
    found.push({
      name: Buffer.from(name).toString('latin1'),
      type: type ?? '',
      mode,
      owner: [uid, gid],
      linkname: Buffer.from(linkname ?? '').toString('latin1'),
      content: Buffer.concat(pieces).toString('latin1'),
    });
  }
  return { found, headers };
}

const TYPES: Readonly<Record<string, string>> = { char: 'character-device', block: 'block-device' };

function byOurs(archive: Buffer): { found: Found[]; entries: TarEntry[] } {
  const found: Found[] = [];
  const entries: TarEntry[] = [];
  const reader = new TarReader({
    entry: (entry) => {
      const { name, type, mode, uid, gid, linkname } = entry;
      entries.push(entry);
      found.push({ name, type: TYPES[type] ?? type, mode, owner: [uid, gid], linkname, content: '' });
    },
    data: (bytes) => {
      const last = found.at(-1);
      if (last === undefined) throw new Error('content before any member');
      found.splice(-1, 1, { ...last, content: last.content + Buffer.from(bytes).toString('latin1') });
    },
    hole: () => undefined,
  });
  reader.write(archive);
  reader.end();
  return { found, entries };
}

describe('beside tar-stream', () => {
  it('the reader finds the same members in archives that both can read', async () => {
    const members: Member[] = [
      { name: 'directory/', type: 'directory', mode: 0o1777, uid: 7, gid: 8 },
      { name: 'file', body: 'content', mode: 0o4755, mtime: '1234567890.123456789' },
      { name: `long/${'n'.repeat(250)}`, body: 'x'.repeat(5000), uid: 4_000_000 },
      { name: 'gr\u00fc\u00dfe', body: '\u2603' },
      { name: 'link', type: 'symlink', linkname: '/'.padEnd(300, 't') },
      { name: 'hard', type: 'hardlink', linkname: 'file' },
      { name: 'null', type: 'char', device: [1, 3] },
      { name: 'pipe', type: 'fifo' },
      { name: 'last', body: 'end' },
    ];
    const archive = tar(members);
    expect(byOurs(archive).found).toEqual((await byTarStream(archive)).found);
  });

  // Why the reader is ours: layers have such names and attributes, and they must come back as they were.
  it('the reader alone keeps attributes and long names that are no UTF-8', async () => {
    const bytes = Buffer.from([1, 0, 0, 2, 0xff, 0xfe]);
    const name = Buffer.from(`${'p'.repeat(120)}\xe9`, 'latin1');
    const archive = tar([{ name, body: '', xattrs: { 'security.capability': bytes } }]);
    const [ours] = byOurs(archive).entries;
    expect(Buffer.from(ours?.name ?? '', 'latin1')).toEqual(name);
    expect(ours?.xattrs?.get('security.capability')).toEqual(bytes);
    const [theirs] = (await byTarStream(archive)).headers;
    expect(Buffer.from(theirs?.name ?? '')).not.toEqual(name);
    const pax = new Map<string, string>(Object.entries(theirs?.pax ?? {}));
    expect(Buffer.from(pax.get('SCHILY.xattr.security.capability') ?? '')).not.toEqual(bytes);
  });
});
