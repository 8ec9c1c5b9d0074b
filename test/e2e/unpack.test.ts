import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, layoutOf, type Repository } from '../fixtures/catalogue.ts';
import { UNLISTED_DIRECTORIES } from '../fixtures/features.ts';
import { captureTree, differences, type Tree } from '../support/tree.ts';
import { unpackWithTar, unpackWithUmoci } from '../support/unpack.ts';
import { asUser, type TestUser } from '../support/user.ts';

// What the container makes for itself over the image's tree: mounts, and the files that Docker adds.
const OWN = ['proc', 'sys', 'dev', 'etc/hosts', 'etc/hostname', 'etc/resolv.conf', '.'];
const directory = mkdtempSync(path.join(tmpdir(), 'wherry-unpack-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each<[Repository, string]>([
  ['features', 'latest'],
  ['debian', 'bookworm'],
  ['zstd', 'latest'],
  ['uncompressed', 'latest'],
])('%s:%s', (repository, tag) => {
  let user: TestUser;
  let reference: string;
  beforeAll(async () => {
    user = asUser('wuser');
    const store = await fixture(repository);
    reference =
      repository === 'zstd' || repository === 'uncompressed'
        ? unpackWithTar(store, tag, path.join(directory, repository))
        : unpackWithUmoci(layoutOf(repository), tag, path.join(directory, repository));
  });
  afterAll(() => user.cleanup());

  it.each(['overlay', 'vfs'])('is on %s what umoci and GNU tar make of it', async (driver) => {
    const name = `look-${driver}`;
    const run = await user.wherry(
      [
        'run',
        '-d',
        '--name',
        name,
        '--storage-driver',
        driver,
        '--network',
        'none',
        '-u',
        '0',
        '--entrypoint',
        'sleep',
        `localhost:5000/${repository}:${tag}`,
        '1000',
      ],
      { timeoutMs: 120_000 },
    );
    expect(run.exitCode, run.stderr).toBe(0);
    const pids = user.processes().filter((pid) => commandOf(pid) === 'sleep\x001000\x00');
    const init = pids.at(-1);
    const ids = { uidMap: user.uidMap, gidMap: user.gidMap, exclude: OWN };
    const unpacked = captureTree(`/proc/${init}/root`, ids);
    const expected = captureTree(reference, { exclude: OWN });
    const unlisted = (file: string) => (UNLISTED_DIRECTORIES.includes(file) ? (['mtime'] as const) : []);
    expect(differences(withoutDevices(unpacked), withoutDevices(expected), unlisted)).toEqual([]);
    await user.wherry(['rm', '-f', name]);
  });

  it('is left unchanged by a container that changes everything', async () => {
    const image = `localhost:5000/${repository}:${tag}`;
    const layers = path.join(user.root, 'storage/overlay');
    const digest = () =>
      user.run('sh', [
        '-c',
        `cd "${layers}" && find . -mindepth 2 -printf '%p %s %m %T@ %C@\\n' 2>/dev/null | sort | sha256sum`,
      ]);
    const before = (await digest()).stdout;
    const change =
      'rm -rf /etc/* 2>/dev/null; echo x > /new; for f in /usr/share/* ; do echo y > "$f" 2>/dev/null; done; true';
    const run = await user.wherry([
      'run',
      '--rm',
      '--storage-driver',
      'overlay',
      '--network',
      'none',
      '-u',
      '0',
      '--entrypoint',
      'sh',
      image,
      '-c',
      change,
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect((await digest()).stdout).toBe(before);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Device nodes can't be made in a user namespace; their number and owners are recorded, their type isn't kept. */
function withoutDevices(tree: Tree): Tree {
  return new Map([...tree].filter(([name]) => !/^special\/(null|loop7)$/.test(name)));
}
