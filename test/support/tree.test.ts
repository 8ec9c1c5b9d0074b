import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureTree, differences } from './tree.ts';

describe('comparing two trees', () => {
  let directory: string;
  let left: string;
  let right: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'wherry-tree-'));
    [left, right] = [path.join(directory, 'left'), path.join(directory, 'right')];
    mkdirSync(path.join(left, 'sub'), { recursive: true });
    writeFileSync(path.join(left, 'sub', 'file'), 'content');
    writeFileSync(Buffer.concat([Buffer.from(`${left}/`), Buffer.from([0xff, 0x0a, 0x5c])]), 'odd name');
    linkSync(path.join(left, 'sub/file'), path.join(left, 'sub/second'));
    symlinkSync('file', path.join(left, 'sub/link'));
    execFileSync('cp', ['-a', left, right]);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const compare = () => differences(captureTree(left), captureTree(right));

  it('finds nothing between a tree and its copy', () => {
    expect(compare()).toEqual([]);
    expect([...captureTree(left).keys()]).toEqual([
      '.',
      'sub',
      'sub/file',
      'sub/link',
      'sub/second',
      'ÿ\n\\',
    ]);
  });

  it.each<[string, (root: string) => void, RegExp]>([
    ['content', (root) => rewrite(root, 'CONTENT'), /^sub\/file: sha256 /m],
    ['a mode', (root) => chmodSync(`${root}/sub/file`, 0o4711), /^sub\/file: mode "0644" → "4711"$/m],
    ['a time', (root) => utimesSync(`${root}/sub`, 1, 1.5), /^sub: mtime .* → "1.500000000"$/m],
    ['a missing path', (root) => rmSync(`${root}/sub/link`), /^sub\/link: missing \(a symlink\)$/m],
    ['a new path', (root) => mkdirSync(`${root}/new`), /^new: unexpected \(a directory\)$/m],
    ['a link target', (root) => relink(root, 'elsewhere'), /^sub\/link: target "file" → "elsewhere"$/m],
    ['a parted hard link', part, /^sub\/second: hardLinkOf "sub\/file" → undefined$/m],
  ])('finds %s', (_, change, line) => {
    change(right);
    expect(compare().join('\n')).toMatch(line);
  });

  it('leaves out what it is told to', () => {
    chmodSync(path.join(right, 'sub/file'), 0o600);
    const found = differences(captureTree(left), captureTree(right), (name) =>
      name.startsWith('sub/') ? ['mode'] : [],
    );
    expect(found).toEqual([]);
  });

  it('gives owners as seen inside a user namespace', () => {
    const uid = process.getuid?.() ?? 0;
    const mapped = captureTree(left, { uidMap: [{ inside: 7, outside: uid, size: 1 }], gidMap: [] });
    expect(mapped.get('sub/file')?.owner).toBe('7:65534');
  });
});

function rewrite(root: string, content: string): void {
  writeFileSync(path.join(root, 'sub/file'), content);
}

function relink(root: string, target: string): void {
  rmSync(path.join(root, 'sub/link'));
  symlinkSync(target, path.join(root, 'sub/link'));
}

function part(root: string): void {
  rmSync(path.join(root, 'sub/second'));
  writeFileSync(path.join(root, 'sub/second'), 'content');
}
