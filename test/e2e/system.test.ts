import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('system df of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    const fill = 'head -c 3000000 /dev/urandom >/volume/file; head -c 2000000 /dev/urandom >/file';
    const run = [
      'run',
      '--name',
      'filled',
      '--network',
      'none',
      '-v',
      'kept:/volume',
      BUSYBOX,
      'sh',
      '-c',
      fill,
    ];
    expect(await user.wherry(run)).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => user.cleanup());

  const rows = async (): Promise<Record<string, { Active: string; Size: string; Reclaimable: string }>> => {
    const { stdout } = await user.wherry(['system', 'df', '--format', 'json']);
    const all = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return Object.fromEntries(all.map((row) => [row.Type, row]));
  };

  it('counts what images, containers and volumes take, and what could be freed', async () => {
    const used = await rows();
    expect(used.Images).toMatchObject({ TotalCount: '1', Active: '1' });
    expect(Number.parseFloat(used.Containers?.Size ?? '')).toBeCloseTo(2, 0);
    expect(used['Local Volumes']).toMatchObject({ Active: '1', Reclaimable: '0B (0%)' });
    expect(Number.parseFloat(used['Local Volumes']?.Size ?? '')).toBeCloseTo(3, 0);
    await user.wherry(['rm', 'filled']);
    const freed = await rows();
    expect(freed.Containers).toMatchObject({ TotalCount: '0', Size: '0B' });
    expect(freed.Images?.Reclaimable).toMatch(/\(100%\)$/);
    expect(freed['Local Volumes']?.Reclaimable).toMatch(/\(100%\)$/);
  });

  it('names each with -v', async () => {
    const { stdout } = await user.wherry(['system', 'df', '-v']);
    expect(stdout).toMatch(/^REPOSITORY .*SHARED SIZE +UNIQUE SIZE +CONTAINERS$/m);
    expect(stdout).toMatch(/^kept +0 +\d.*MB$/m);
  });
});
