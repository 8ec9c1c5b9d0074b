import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change, ScanEvent } from '../../src/tree/entry.ts';
import { TreeWorker } from '../../src/tree/worker.ts';
import { COMPILING, type Harness, harness, whyNot } from './harness.ts';

const reason = whyNot();
const attributes = (mode: number) => ({
  mode,
  uid: 0,
  gid: 0,
  mtime: { seconds: 1_500_000_000, nanoseconds: 5 },
});

describe.skipIf(reason !== undefined)(`the tree worker${reason === undefined ? '' : ` (${reason})`}`, () => {
  let at: Harness;
  beforeAll(() => {
    at = harness();
  }, COMPILING);
  afterAll(() => at.cleanup());

  it('writes what it is told, and serves several requests', async () => {
    await using worker = at.worker();
    const root = at.fresh('write');
    const layer = worker.apply(root, 'overlay');
    layer.file('a/b/file', attributes(0o4751), 10);
    layer.data(Buffer.from('0123456789'));
    layer.directory('a', attributes(0o1777));
    layer.symlink('link', attributes(0o777), '/etc/passwd');
    layer.hardLink('same', 'a/b/file');
    layer.node('pipe', attributes(0o600), 'fifo');
    layer.whiteout('gone');
    layer.opaque('a');
    expect(await layer.end({ sync: true })).toEqual({ entries: 7, bytes: 10, refusedXattrs: 0 });
    expect(lstatSync(path.join(root, 'a/b/file')).mode & 0o7777).toBe(0o4751);
    expect(lstatSync(path.join(root, 'a')).mode & 0o7777).toBe(0o1777);
    expect(lstatSync(path.join(root, 'a')).mtimeMs).toBe(1_500_000_000_000);
    expect(lstatSync(path.join(root, 'same')).nlink).toBe(2);
    expect(lstatSync(path.join(root, 'pipe')).isFIFO()).toBe(true);
    expect(lstatSync(path.join(root, 'gone'))).toMatchObject({ rdev: 0 });
    expect(lstatSync(path.join(root, 'gone')).isCharacterDevice()).toBe(true);
    expect(await worker.readFile(root, 'same', 100)).toEqual(Buffer.from('0123456789'));
    expect(await worker.usage([root])).toMatchObject({ inodes: 7 });
  });

  it('has owners as a container has them', async () => {
    await using worker = at.worker();
    const root = at.fresh('ids');
    const map = [{ inside: 7, outside: 0, count: 1 }];
    await worker.ids({ uids: map, gids: map });
    const layer = worker.apply(root, 'apply');
    layer.file('file', { ...attributes(0o4755), uid: 7, gid: 7 }, 0);
    await layer.end();
    expect(lstatSync(path.join(root, 'file')).mode & 0o7777).toBe(0o4755);
    expect(await worker.stat(root, 'file')).toMatchObject({ uid: 7, gid: 7 });
    const other = worker.apply(root, 'apply');
    other.file('other', { ...attributes(0o644), uid: 8, gid: 7 }, 0);
    await expect(other.end()).rejects.toMatchObject({ code: 'E_USERNS' });
    await worker.ids({ uids: [], gids: [] });
    expect(await worker.stat(root, 'file')).toMatchObject({ uid: 0, gid: 0 });
  });

  it('copies with shifted owners, as far as the container has them', async () => {
    await using worker = at.worker();
    const [source, target] = [at.fresh('shift-from'), path.join(at.fresh('shift-to'), 'copy')];
    writeFileSync(path.join(source, 'set-id'), 'x');
    chmodSync(path.join(source, 'set-id'), 0o6711);
    const own = [{ inside: 0, outside: 0, count: 1 }];
    await worker.ids({ uids: own, gids: own });
    await worker.copy(source, target, { reflink: true, shifted: true });
    expect(lstatSync(path.join(target, 'set-id')).mode & 0o7777).toBe(0o6711);
    await worker.ids({ uids: [{ inside: 1, outside: 0, count: 1 }], gids: own });
    await expect(worker.copy(source, `${target}2`, { reflink: true, shifted: true })).rejects.toMatchObject({
      code: 'E_USERNS',
      hint: expect.stringContaining('size='),
    });
    expect(await worker.usage([source])).toMatchObject({ highest: { uid: 0, gid: 0 } });
  });

  it('makes holes of zeros', async () => {
    await using worker = at.worker();
    const root = at.fresh('holes');
    const layer = worker.apply(root, 'overlay');
    layer.file('zeros', attributes(0o644), 5_000_000);
    for (let left = 5_000_000; left > 0; left -= 50_000) layer.data(Buffer.alloc(50_000));
    layer.file('told', attributes(0o644), 1 << 30);
    layer.hole((1 << 30) - 3);
    layer.data(Buffer.from('end'));
    const { bytes } = await layer.end();
    expect(bytes).toBeLessThan(100_000);
    expect(lstatSync(path.join(root, 'zeros'))).toMatchObject({ size: 5_000_000 });
    expect(lstatSync(path.join(root, 'told')).blocks).toBeLessThan(64);
    expect(readFileSync(path.join(root, 'zeros')).equals(Buffer.alloc(5_000_000))).toBe(true);
  });

  it('tells a failed entry by its path and goes on with other requests', async () => {
    await using worker = at.worker();
    const root = at.fresh('failing');
    const layer = worker.apply(root, 'overlay', 'unpacking the layer x');
    layer.file('file', attributes(0o644), 0);
    layer.file('file/below', attributes(0o644), 3);
    layer.data(Buffer.from('abc'));
    layer.file('other', attributes(0o644), 0);
    await expect(layer.end()).rejects.toMatchObject({
      code: 'E_TREE_MISMATCH',
      message: expect.stringMatching(/unpacking the layer x at file\/below/),
    });
    expect(readdirSync(root)).toEqual(['file']);
    const again = worker.apply(root, 'overlay');
    again.file('other', attributes(0o644), 0);
    await again.end();
    expect(readdirSync(root).sort()).toEqual(['file', 'other']);
  });

  it('removes what was opened to nobody, at any depth, and no link’s target', async () => {
    await using worker = at.worker();
    const root = at.fresh('removed');
    const kept = at.fresh('kept');
    writeFileSync(path.join(kept, 'file'), '');
    execFileSync('perl', ['-e', 'for (1..3000) { mkdir "d" and chdir "d" or die }'], { cwd: root });
    symlinkSync(kept, path.join(root, 'link'));
    mkdirSync(path.join(root, 'closed/inner'), { recursive: true });
    chmodSync(path.join(root, 'closed'), 0);
    await worker.remove(root);
    await worker.remove(root);
    await worker.remove(path.join(root, 'no/such/parent'));
    expect(existsSync(root)).toBe(false);
    expect(existsSync(path.join(kept, 'file'))).toBe(true);
  });

  it('copies with times, modes, links and holes', async () => {
    await using worker = at.worker();
    const source = at.fresh('source');
    mkdirSync(path.join(source, 'directory'), { mode: 0o750 });
    writeFileSync(path.join(source, 'directory/file'), 'x'.repeat(200_000), { mode: 0o640 });
    linkSync(path.join(source, 'directory/file'), path.join(source, 'twin'));
    symlinkSync('nowhere', path.join(source, 'link'));
    writeFileSync(path.join(source, 'sparse'), 'start');
    truncateSync(path.join(source, 'sparse'), 50_000_000);
    utimesSync(path.join(source, 'directory'), 1, 1_234_567_890);
    const target = path.join(at.directory, 'copied');
    expect(await worker.copy(source, target, { reflink: true })).toMatchObject({ entries: 5 });
    const of = async (root: string) => (await collect(worker.scan(root, { data: true }))).map(comparable);
    expect(await of(target)).toEqual(await of(source));
    expect(lstatSync(path.join(target, 'sparse')).blocks).toBeLessThan(64);
    await expect(worker.copy(source, target, { reflink: false })).rejects.toThrow(/EEXIST/);
  });

  it('tells what one tree changes in another', async () => {
    await using worker = at.worker();
    const lower = at.fresh('lower');
    for (const each of ['same', 'changed', 'deep/gone', 'deep/stays', 'to-directory'])
      execFileSync('install', ['-D', '/dev/null', path.join(lower, each)]);
    const upper = path.join(at.directory, 'upper');
    await worker.copy(lower, upper, { reflink: false });
    writeFileSync(path.join(upper, 'changed'), 'now');
    execFileSync(
      'sh',
      ['-c', 'rm deep/gone to-directory; mkdir to-directory; touch to-directory/in deep/new'],
      {
        cwd: upper,
      },
    );
    expect(await collect(worker.compare({ upper, lower: [lower], style: 'apply' }))).toEqual<Change[]>([
      { kind: 'C', path: 'changed' },
      { kind: 'C', path: 'deep' },
      { kind: 'D', path: 'deep/gone' },
      { kind: 'A', path: 'deep/new' },
      { kind: 'C', path: 'to-directory' },
      { kind: 'A', path: 'to-directory/in' },
    ]);
  });

  it('tells what an overlay’s upper tree changes in its lower ones', async () => {
    await using worker = at.worker();
    const bottom = at.fresh('bottom');
    for (const each of ['hidden/a', 'file', 'gone', 'dir/old'])
      execFileSync('install', ['-D', '/dev/null', path.join(bottom, each)]);
    const middle = at.fresh('middle');
    const low = worker.apply(middle, 'overlay');
    low.whiteout('gone');
    low.file('dir/middle', attributes(0o644), 0);
    await low.end();
    const upper = at.fresh('top');
    const layer = worker.apply(upper, 'overlay');
    layer.whiteout('file');
    layer.whiteout('gone');
    layer.opaque('hidden');
    layer.file('hidden/b', attributes(0o644), 0);
    layer.file('dir/middle', attributes(0o600), 0);
    layer.file('dir/new', attributes(0o600), 0);
    await layer.end();
    expect(await collect(worker.compare({ upper, lower: [middle, bottom], style: 'overlay' }))).toEqual<
      Change[]
    >([
      { kind: 'C', path: 'dir' },
      { kind: 'C', path: 'dir/middle' },
      { kind: 'A', path: 'dir/new' },
      { kind: 'D', path: 'file' },
      { kind: 'C', path: 'hidden' },
      { kind: 'D', path: 'hidden/a' },
      { kind: 'A', path: 'hidden/b' },
    ]);
  });

  it('reads no file outside, none too large, and nothing that isn’t a file', async () => {
    await using worker = at.worker();
    const root = at.fresh('reading');
    const secret = path.join(at.directory, 'secret');
    writeFileSync(secret, 'secret');
    mkdirSync(path.join(root, 'etc'));
    writeFileSync(path.join(root, 'etc/passwd'), 'inside');
    symlinkSync(secret, path.join(root, 'absolute'));
    symlinkSync('../../../../../../../etc/passwd', path.join(root, 'climbing'));
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    expect(await worker.readFile(root, 'absolute', 100)).toBeUndefined();
    expect(await worker.readFile(root, '../secret', 100)).toBeUndefined();
    expect((await worker.readFile(root, 'climbing', 100))?.toString()).toBe('inside');
    expect(await worker.readFile(root, 'no/such', 100)).toBeUndefined();
    await expect(worker.readFile(root, 'etc/passwd', 3)).rejects.toThrow(/EFBIG/);
    await expect(worker.readFile(root, 'pipe', 3)).rejects.toThrow(/EINVAL/);
    expect(await worker.stat(root, 'absolute')).toMatchObject({ type: 'symlink', target: secret });
    expect(await worker.stat(root, 'nothing')).toBeUndefined();
  });

  it('ends at once on abort, whatever it is doing', async () => {
    const abort = new AbortController();
    await using worker = at.worker(abort.signal);
    const layer = worker.apply(at.fresh('aborted'), 'overlay');
    layer.file('file', attributes(0o644), 1e12);
    layer.data(Buffer.alloc(1 << 20, 1));
    const end = expect(layer.end()).rejects.toThrow('enough');
    abort.abort(new Error('enough'));
    await end;
    await expect(worker.remove('/nothing')).rejects.toThrow('enough');
  });

  it('has ext4 spread the directories of a directory', async (context) => {
    await using worker = at.worker();
    const root = at.fresh('spread');
    await worker.spread(root);
    await worker.spread(root);
    await expect(worker.spread(path.join(root, 'nothing'))).rejects.toMatchObject({
      code: 'E_TREE_MISMATCH',
    });
    // The magic number of ext2, ext3 and ext4 (statfs(2)).
    if (statfsSync(root).type !== 0xef53) context.skip('the directory for temporary files is not on ext4');
    expect(execFileSync('lsattr', ['-d', root], { encoding: 'utf8' })).toMatch(/^[^ ]*T/);
  });

  it('says why it can’t be started, or ended', async () => {
    await using missing = new TreeWorker({ file: '/no/such/program', args: [] });
    await expect(missing.remove('/nothing')).rejects.toMatchObject({ code: 'E_TREE_WORKER' });
    await using failing = new TreeWorker({ file: '/bin/sh', args: ['-c', 'echo no namespace >&2; exit 3'] });
    await expect(failing.usage(['/'])).rejects.toThrow(/no namespace/);
  });

  it('is not waited for by a scan that was left', async () => {
    await using worker = at.worker();
    for await (const event of worker.scan('/usr/include')) if (event.kind === 'entry') break;
    expect(await worker.stat('/usr', 'include')).toMatchObject({ type: 'directory' });
  });
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** A link count of a directory says nothing of its content. */
function comparable(event: ScanEvent): unknown {
  return event.kind === 'entry' && event.entry.type === 'directory'
    ? { ...event.entry, links: 0, size: 0 }
    : event;
}
