import { createHash, randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_LAYERS } from '../../../test/fixtures/features.ts';
import { climbingLayers, ESCAPED_NAME } from '../../../test/support/broken-images.ts';
import { type TarEntry, tar } from '../../../test/support/tar.ts';
import { captureTree, differences } from '../../../test/support/tree.ts';
import { type ApplyRequest, applyLayer } from '../../src/layer/apply.ts';
import { readOwners } from '../../src/layer/owners.ts';
import { packTree } from '../../src/layer/pack.ts';
import type { TreeWorker } from '../../src/tree/worker.ts';
import { COMPILING, type Harness, harness, SINGLE_ID, whyNot } from '../tree/harness.ts';

const reason = whyNot();
const sha256 = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

async function* pieces(blob: Uint8Array, size = 32 << 10): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.length; at += size) yield blob.subarray(at, at + size);
}

describe.skipIf(reason !== undefined)(`layers${reason === undefined ? '' : ` (${reason})`}`, () => {
  let at: Harness;
  let worker: TreeWorker;
  let count = 0;
  beforeAll(() => {
    at = harness();
    worker = at.worker();
  }, COMPILING);
  afterAll(async () => {
    await worker.remove(path.join(at.directory, 'trees'));
    await worker.close();
    at.cleanup();
  });

  const tree = () => {
    count += 1;
    mkdirSync(path.join(at.directory, 'trees'), { recursive: true });
    return at.fresh(`trees/${count}`);
  };
  const apply = (blob: Uint8Array, target: string, more: Partial<ApplyRequest> = {}) =>
    applyLayer({
      source: pieces(blob),
      worker,
      target,
      style: 'overlay',
      idMap: SINGLE_ID,
      ownersFile: `${target}.owners-${randomUUID()}`,
      limits: { maxSize: 1 << 30 },
      ...more,
    });
  const pack = async (root: string, owners?: string): Promise<Buffer> => {
    const records = owners === undefined ? {} : { owners: await readOwners(owners) };
    const found: Buffer[] = [];
    for await (const piece of packTree({ worker, root, style: 'overlay', ...records })) found.push(piece);
    return Buffer.concat(found);
  };

  it('are checked against both digests, whatever they are compressed with', async () => {
    const archive = tar([{ name: 'file', body: 'x'.repeat(100_000) }]);
    const blob = gzipSync(archive);
    const seen: number[] = [];
    const applied = await apply(blob, tree(), {
      expectedDigest: sha256(blob),
      expectedDiffId: sha256(archive),
      onProgress: (bytes) => seen.push(bytes),
    });
    expect(applied).toMatchObject({ diffId: sha256(archive), size: blob.length, entries: 1, warnings: [] });
    expect(seen.at(-1)).toBe(blob.length);
    const wrong = sha256(Buffer.from('another'));
    await expect(apply(blob, tree(), { expectedDiffId: wrong })).rejects.toMatchObject({
      code: 'E_DIGEST_MISMATCH',
    });
    const damaged = Buffer.from(blob);
    damaged.fill(7, 12, 40);
    await expect(apply(damaged, tree(), { expectedDigest: sha256(blob) })).rejects.toMatchObject({
      code: 'E_DIGEST_MISMATCH',
      message: expect.stringContaining(sha256(blob)),
    });
    await expect(apply(damaged, tree(), { expectedDigest: sha256(damaged) })).rejects.toMatchObject({
      code: 'E_LAYER_CORRUPT',
    });
  });

  it('that are cut short or no archive are refused, and the worker goes on', async () => {
    const archive = tar([{ name: 'file', body: 'x'.repeat(100_000) }]);
    await expect(apply(archive.subarray(0, 50_000), tree())).rejects.toMatchObject({
      code: 'E_LAYER_CORRUPT',
    });
    await expect(apply(Buffer.from('<html>'.repeat(200)), tree())).rejects.toMatchObject({
      code: 'E_LAYER_CORRUPT',
    });
    const target = tree();
    await apply(archive, target);
    expect(lstatSync(path.join(target, 'file')).size).toBe(100_000);
  });

  it('end with an abort, also when their source hangs', async () => {
    const abort = new AbortController();
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield tar([{ name: 'file', body: 'x'.repeat(10_000) }]).subarray(0, 5000);
      setImmediate(() => abort.abort(new Error('stopped')));
      await new Promise(() => {});
    }
    await expect(apply(Buffer.alloc(0), tree(), { source: hanging(), signal: abort.signal })).rejects.toThrow(
      'stopped',
    );
  });

  it('record what a user namespace can’t hold', async () => {
    const target = tree();
    const ownersFile = `${target}.owners`;
    const archive = tar([
      { name: 'mail', uid: 8, gid: 8, mode: 0o4755 },
      { name: 'null', type: 'char', device: [1, 3], mode: 0o666 },
      { name: 'plain', xattrs: { 'user.kept': 'yes', 'trusted.lost': 'no' } },
    ]);
    const { recorded, warnings } = await apply(archive, target, { ownersFile });
    expect(recorded).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('trusted.lost')]);
    expect(lstatSync(path.join(target, 'mail')).mode & 0o7777).toBe(0o755);
    expect(lstatSync(path.join(target, 'null'))).toMatchObject({ size: 0 });
    const again = await pack(target, ownersFile);
    const names = again.toString('latin1');
    expect(names).toContain('SCHILY.xattr.user.kept=yes');
    expect(again.readUInt8(156)).toBe(0x30);
    expect(again.toString('latin1', 100, 124)).toBe('0004755\0' + '0000010\0' + '0000010\0');
    expect(again.toString('latin1', 512 + 156, 512 + 157)).toBe('3');
  });

  it('that name a file twice have the last one, of whatever type', async () => {
    for (const style of ['overlay', 'apply'] as const) {
      const target = tree();
      const ownersFile = `${target}.owners`;
      const twice: TarEntry[] = [
        { name: 'file', body: 'first, and longer', mode: 0o600, uid: 8 },
        { name: 'file', body: 'second', mode: 0o644 },
        { name: 'directory/', type: 'directory', mode: 0o700 },
        { name: 'directory/inside', body: 'stays' },
        { name: 'directory/', type: 'directory', mode: 0o755 },
        { name: 'turned/', type: 'directory' },
        { name: 'turned/inside', body: 'goes' },
        { name: 'turned', body: 'a file by now' },
        { name: 'link', type: 'symlink', linkname: 'file' },
        { name: 'link', body: 'no link' },
        { name: 'a', body: 'of two names' },
        { name: 'b', type: 'hardlink', linkname: 'a' },
        { name: 'a', body: 'of one' },
      ];
      await apply(tar(twice), target, { style, ownersFile });
      expect(readFileSync(path.join(target, 'file'), 'utf8')).toBe('second');
      expect(lstatSync(path.join(target, 'file')).mode & 0o777).toBe(0o644);
      expect(readFileSync(path.join(target, 'directory/inside'), 'utf8')).toBe('stays');
      expect(lstatSync(path.join(target, 'directory')).mode & 0o777).toBe(0o755);
      expect(readFileSync(path.join(target, 'turned'), 'utf8')).toBe('a file by now');
      expect(readFileSync(path.join(target, 'link'), 'utf8')).toBe('no link');
      expect(readFileSync(path.join(target, 'b'), 'utf8')).toBe('of two names');
      expect(readFileSync(path.join(target, 'a'), 'utf8')).toBe('of one');
      const packed = (await pack(target, ownersFile)).toString('latin1');
      const header = packed.slice(packed.indexOf('\nfile\0'.slice(1)));
      expect((await readOwners(ownersFile)).get('file')).toMatchObject({ uid: 0, mode: 0o644 });
      expect(header.slice(108, 115)).toBe('0000000');
    }
  });

  it('keep owners that can’t be made for every name of a file', async () => {
    const target = tree();
    const ownersFile = `${target}.owners`;
    const archive = tar([
      { name: 'z', body: 'mail', uid: 8, gid: 8 },
      { name: 'a', type: 'hardlink', linkname: 'z' },
      { name: 'plain', body: 'of root' },
      { name: 'other', type: 'hardlink', linkname: 'plain' },
    ]);
    await apply(archive, target, { ownersFile });
    const owners = await readOwners(ownersFile);
    expect(owners.get('a')).toEqual({ path: 'a', uid: 8, gid: 8, mode: 0o644 });
    expect(owners.has('other')).toBe(false);
    const packed = await pack(target, ownersFile);
    // The first name in the archive is the one with the file.
    expect(packed.toString('latin1', 0, 2)).toBe('a\0');
    expect(packed.toString('latin1', 108, 124)).toBe('0000010\0' + '0000010\0');
  });

  it('have paths as long as the kernel takes them, and no longer', async () => {
    const long = (length: number): string => {
      const parts = `${'p'.repeat(200)}/`.repeat(Math.floor(length / 201));
      return parts + 'f'.repeat(length - parts.length);
    };
    const target = tree();
    await apply(tar([{ name: long(4095), body: 'deep' }]), target);
    const again = tree();
    await apply(await pack(target), again);
    let at = again;
    for (let names = readdirSync(at); lstatSync(at).isDirectory(); names = readdirSync(at)) {
      process.chdir(at);
      at = names[0] ?? '';
      if (lstatSync(at).isFile()) break;
    }
    const found = readFileSync(at, 'utf8');
    process.chdir('/');
    expect(found).toBe('deep');
    await expect(apply(tar([{ name: long(4096), body: 'deep' }]), tree())).rejects.toMatchObject({
      code: 'E_LAYER_INVALID',
    });
    await expect(apply(tar([{ name: 'n'.repeat(256), body: '' }]), tree())).rejects.toMatchObject({
      code: 'E_LAYER_INVALID',
    });
  });

  describe('with deletions', () => {
    const base: TarEntry[] = [
      { name: 'd/', type: 'directory' },
      { name: 'd/old', body: '1' },
      { name: 'd/sub/', type: 'directory' },
      { name: 'd/sub/old', body: '1' },
      { name: 'gone', body: '1' },
      { name: 'tree/', type: 'directory' },
      { name: 'tree/a', body: '1' },
    ];
    it.each<[string, TarEntry[], string[]]>([
      ['a file', [{ name: '.wh.gone' }], ['d', 'd/old', 'd/sub', 'd/sub/old', 'tree', 'tree/a']],
      ['a directory', [{ name: '.wh.d' }], ['gone', 'tree', 'tree/a']],
      [
        'nothing that is there',
        [{ name: 'no/.wh.where' }],
        ['d', 'd/old', 'd/sub', 'd/sub/old', 'gone', 'tree', 'tree/a'],
      ],
      [
        'all of a directory, but what this layer put into it before and after',
        [{ name: 'd/sub/new', body: '2' }, { name: 'd/.wh..wh..opq' }, { name: 'd/new', body: '2' }],
        ['d', 'd/new', 'd/sub', 'd/sub/new', 'gone', 'tree', 'tree/a'],
      ],
      [
        'a file that this layer has anew',
        [{ name: 'gone', body: '2' }, { name: '.wh.gone' }],
        ['d', 'd/old', 'd/sub', 'd/sub/old', 'gone', 'tree', 'tree/a'],
      ],
      [
        'a directory that comes again',
        [{ name: '.wh.tree' }, { name: 'tree/b', body: '2' }],
        ['d', 'd/old', 'd/sub', 'd/sub/old', 'gone', 'tree', 'tree/b'],
      ],
    ])('apply %s', async (_, entries, left) => {
      const target = tree();
      await apply(tar(base), target, { style: 'apply' });
      await apply(tar(entries), target, { style: 'apply' });
      expect(listing(target)).toEqual(left);
    });

    it('hide a directory that is deleted and made again, in either order', async () => {
      for (const entries of [
        [{ name: '.wh.tree' }, { name: 'tree/', type: 'directory' }],
        [{ name: 'tree/', type: 'directory' }, { name: '.wh.tree' }],
      ] satisfies TarEntry[][]) {
        const target = tree();
        await apply(tar(entries), target);
        const packed = (await pack(target)).toString('latin1');
        expect(packed).toContain('tree/.wh..wh..opq');
      }
    });
  });

  it('that climb out leave nothing outside', async () => {
    const outside = at.fresh('outside');
    writeFileSync(path.join(outside, 'victim'), 'alive');
    for (const [trick, layers] of Object.entries(climbingLayers(outside))) {
      for (const style of ['overlay', 'apply'] as const) {
        const target = tree();
        for (const entries of layers) {
          // Refusing is as good as keeping it inside.
          await apply(tar(entries), target, { style }).catch((error: unknown) => {
            expect(error, trick).toMatchObject({
              code: expect.stringMatching(/^E_(LAYER_INVALID|TREE_\w+)$/),
            });
          });
        }
        expect(readdirSync(outside), trick).toEqual(['victim']);
        expect(existsSync(path.join(at.directory, ESCAPED_NAME)), trick).toBe(false);
        expect(existsSync(path.join(at.directory, 'trees', ESCAPED_NAME)), trick).toBe(false);
      }
    }
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('alive');
  });

  it('with all that images hold are the same after packing and unpacking', async () => {
    for (const entries of FEATURE_LAYERS) {
      const [first, second] = [tree(), tree()];
      const ownersFile = `${first}.owners`;
      await apply(tar(entries), first, { ownersFile });
      const packed = await pack(first, ownersFile);
      const again = `${second}.owners`;
      await apply(gzipSync(packed), second, { ownersFile: again });
      const unlisted = (name: string, { type }: { type: string }) =>
        name === '.' || type === 'char' ? (['mtime'] as const) : [];
      expect(differences(captureTree(first), captureTree(second), unlisted)).toEqual([]);
      expect(sha256(await pack(second, again))).toBe(sha256(packed));
    }
  });

  it('on one another in the style apply are what their archives say', async () => {
    const target = tree();
    for (const entries of FEATURE_LAYERS) await apply(tar(entries), target, { style: 'apply' });
    expect(readdirSync(path.join(target, 'removed'))).toEqual(['kept']);
    expect(readdirSync(path.join(target, 'opaque'))).toEqual(['new']);
    expect(readdirSync(path.join(target, 'again'))).toEqual(['third']);
    expect(lstatSync(path.join(target, 'hard/a')).nlink).toBe(2);
    expect(lstatSync(path.join(target, 'types/directory-to-file')).isFile()).toBe(true);
    expect(lstatSync(path.join(target, 'types/link-to-directory')).isDirectory()).toBe(true);
    expect(lstatSync(path.join(target, 'sparse/pax')).blocks).toBeLessThan(64);
    expect(existsSync(path.join(target, 'implied/parents/file'))).toBe(true);
  });
});

function listing(root: string, below = ''): string[] {
  return readdirSync(path.join(root, below))
    .sort()
    .flatMap((name) => {
      const each = below === '' ? name : `${below}/${name}`;
      return lstatSync(path.join(root, each)).isDirectory() ? [each, ...listing(root, each)] : [each];
    });
}
