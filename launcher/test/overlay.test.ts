import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ContainerOperation } from '../../core/src/program/operation.ts';
import { finished, type Result } from './process.ts';
import { Bench, oldKernel } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

/** Commands of fsconfig(2). */
const SET_STRING = 1;
const CMD_CREATE = 6;

/** Where a kernel refuses what it doesn't know, and with it whatever else has that command; see old-kernel.c. */
const KERNELS = [
  ['as it is', undefined],
  ['of 6.5 to 6.7', SET_STRING],
  ['before 6.5', CMD_CREATE],
] as const;

/** Directories of which each has a file of its own and hides that of the one below; the topmost first. */
function layers(bench: Bench, count: number): readonly string[] {
  const made = Array.from({ length: count }, (_, index) => bench.path(`layer-${index}`));
  for (const [index, directory] of made.entries()) {
    mkdirSync(join(directory, 'many'), { recursive: true });
    writeFileSync(join(directory, 'many', String(index)), '');
    writeFileSync(join(directory, 'which'), `${index}\n`);
  }
  execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, bench.root]);
  return made;
}

/** Runs a shell's words over an overlay, without any other file system: its options might be refused, too. */
async function run(
  bench: Bench,
  command: number | undefined,
  script: string,
  operations: readonly ContainerOperation[],
): Promise<Result> {
  const program = bench.encode('program', {
    settings: [
      { op: 'directory', path: bench.directory },
      ...bench.userNamespace(),
      { op: 'namespace', kind: 'mount' },
      { op: 'namespace', kind: 'pid' },
      { op: 'stdin', mode: 'none' },
      { op: 'attach', stdin: false, stdout: true, stderr: true },
    ],
    prepare: [],
    container: [
      ...operations,
      { op: 'pivot-root', readOnly: false },
      { op: 'environment', variables: ['PATH=/bin'] },
      { op: 'arguments', argv: ['/bin/sh', '-c', script] },
      { op: 'execute' },
    ],
    cleanup: [],
  });
  const emulation = command === undefined ? [] : [oldKernel(bench), String(command)];
  return await finished(bench.command([...emulation, bench.launcher, 'run', program]));
}

const root = (bench: Bench, lower: readonly string[]): ContainerOperation => ({
  op: 'rootfs-overlay',
  mountpoint: join(bench.directory, 'rootfs'),
  lower,
  upper: { upperdir: bench.path('upper'), workdir: bench.path('work') },
  options: ['userxattr'],
});

describe.skipIf(obstacle !== undefined)(`overlay${reason}`, () => {
  describe.each(KERNELS)('on a kernel %s', (_, command) => {
    test.each([2, 128, 500])(
      '%i layers are stacked in order, and the root can be written to',
      async (count) => {
        using bench = new Bench(owner);
        const lower = [...layers(bench, count - 1), bench.path('image')];
        const script = 'cat /which; ls /many | wc -l; echo x >/which; cat /which';
        const { status, stdout, stderr } = await run(bench, command, script, [root(bench, lower)]);
        expect([status, stdout.toString(), stderr]).toEqual([0, `0\n${count - 1}\nx\n`, '']);
        expect(bench.read('upper/which')).toBe('x\n');
        expect(bench.read('layer-0/which')).toBe('0\n');
      },
    );

    test('an image is mounted inside, read-only', async () => {
      using bench = new Bench(owner);
      const image: ContainerOperation = {
        op: 'overlay',
        target: '/image',
        options: ['userxattr'],
        lower: layers(bench, 3),
      };
      const script = 'cat /image/which; ls /image/many | wc -l; echo x >/image/which';
      const { status, stdout, stderr } = await run(bench, command, script, [
        root(bench, [bench.path('image')]),
        image,
      ]);
      expect([status, stdout.toString()]).toEqual([1, '0\n3\n']);
      expect(stderr).toContain('Read-only file system');
    });
  });

  test('a failure of the overlay itself comes with the kernel’s words', async () => {
    using bench = new Bench(owner);
    mkdirSync(bench.path('layer/upper'), { recursive: true });
    const bad = root(bench, [bench.path('image')]);
    const { status, stderr } = await run(bench, undefined, 'true', [
      { ...bad, options: ['userxattr', 'nonsense=1'] } as ContainerOperation,
    ]);
    expect(status).toBe(125);
    expect(stderr).toMatch(/can't be mounted: overlay: .*nonsense/);
  });

  test('no layer is reached by a link that a driver might have made', async () => {
    using bench = new Bench(owner);
    symlinkSync('/', bench.path('host'));
    for (const layer of [bench.path('host'), bench.path('host/etc')]) {
      const { status, stderr } = await run(bench, undefined, 'true', [
        root(bench, [layer, bench.path('image')]),
      ]);
      expect(status).toBe(125);
      expect(stderr).toContain(`${layer}: `);
      expect(stderr).toMatch(/Too many levels of symbolic links|Symbolic link loop|Not a directory/);
    }
  });
});
