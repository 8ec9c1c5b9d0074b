import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const MANY = 50;
/** What podman's conmon takes of memory for a container, in KiB of PSS (proc_pid_smaps_rollup(5)). */
const CONMON_KIB = 0.36 * 1024;

describe.each(USER_NAMES)('many containers, and much of one, of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const directoryOf = (id: string): string => path.join(user.root, 'containers', id);

  it(`starts ${MANY} at once without a failure, each in less memory than conmon, and leaves nothing of them`, async () => {
    const words = ['run', '-d', '--network', 'none', BUSYBOX, 'sleep', '10000'];
    const runs = await Promise.all(
      Array.from({ length: MANY }, () => user.wherry(words, { timeoutMs: 110_000 })),
    );
    expect(runs.filter((run) => run.exitCode !== 0 || run.stderr !== '')).toEqual([]);
    const ids = runs.map((run) => run.stdout.trim());
    expect(new Set(ids).size).toBe(MANY);
    const listed = await user.wherry(['ps', '-q', '--no-trunc']);
    expect(new Set(listed.stdout.trim().split('\n'))).toEqual(new Set(ids));
    const monitors = ids.map(
      (id) => readFileSync(path.join(directoryOf(id), 'started'), 'latin1').split(' ')[0],
    );
    const pss = monitors.map((pid) => {
      const [, kib = 'none'] =
        /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
      return Number(kib);
    });
    expect(Math.max(...pss)).toBeLessThanOrEqual(CONMON_KIB);
    const removed = await user.wherry(['rm', '-f', ...ids], { timeoutMs: 110_000 });
    expect(removed.exitCode, removed.stderr).toBe(0);
    expect(removed.stdout.trim().split('\n')).toEqual(ids);
    await expect.poll(() => user.commands().filter((line) => / sleep 10000$|monitor/.test(line))).toEqual([]);
    const { files, mounts } = user.leftovers();
    expect(mounts).toEqual([]);
    expect(files.filter((file) => ids.some((id) => file.includes(id)))).toEqual([]);
    expect((await user.run('find', [user.cgroup, '-name', 'wherry-*'])).stdout).toBe('');
  }, 240_000);

  it.each(['json-file', 'local'])(
    'bounds the disk of one that logs by %s as fast as it can, and keeps the end whole',
    async (driver) => {
      const options = ['max-size=4m', 'max-file=3', 'compress=true'].flatMap((option) => [
        '--log-opt',
        option,
      ]);
      // Some 200 MB: a flood, and then a mark that the last file has to end with.
      const script =
        'yes 0123456789012345678901234567890123456789012345678901234567890123 | head -c 200000000; echo; echo mark';
      const words = [
        'run',
        '-d',
        '--network',
        'none',
        '--log-driver',
        driver,
        ...options,
        BUSYBOX,
        'sh',
        '-c',
        script,
      ];
      const started = await user.wherry(words);
      expect(started.exitCode, started.stderr).toBe(0);
      const id = started.stdout.trim();
      const waited = user.startWherry(['wait', id], { timeoutMs: 280_000 });
      const ended = waited.result.then(() => true);
      let most = 0;
      while (!(await Promise.race([ended, new Promise<false>((go) => setTimeout(go, 20, false))]))) {
        most = Math.max(most, logBytes(directoryOf(id)));
      }
      expect((await waited.result).stdout).toBe('0\n');
      // Three files of four megabytes, what is being packed of one of them, and a batch beyond the size.
      expect(Math.max(most, logBytes(directoryOf(id)))).toBeLessThan(17_000_000);
      expect((await user.wherry(['logs', '--tail', '1', id])).stdout).toBe('mark\n');
      const all = (await user.wherry(['logs', id])).stdout.split('\n');
      expect(all.slice(-2)).toEqual(['mark', '']);
      expect(all.slice(1, -3).every((line) => line.length === 64)).toBe(true);
      expect((await user.wherry(['rm', id])).exitCode).toBe(0);
    },
  );
});

/** Bytes of the log files of a container, those that are going at this moment left out. */
function logBytes(directory: string): number {
  return readdirSync(directory)
    .filter((file) => file.includes('.log'))
    .reduce(
      (sum, file) => sum + (statSync(path.join(directory, file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
}
