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
    expect(stdout).toMatch(/^CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES$/m);
    expect(stdout).toMatch(/^kept +0 +\d.*MB$/m);
  });

  it('prune asks, and removes what is not used, of every kind', async () => {
    const create = ['create', '--network', 'none', '-l', 'kind=old', '-v', '/anonymous', BUSYBOX, 'true'];
    const [old, kept] = [await user.wherry(create), await user.wherry(create.toSpliced(3, 2))];
    await user.wherry(['network', 'create', 'unused']);
    const question = [
      'WARNING! This will remove:',
      '  - all stopped containers',
      '  - all custom networks not used by at least one container',
      '  - all dangling images',
      '',
      'Are you sure you want to continue? [y/N] ',
    ].join('\n');
    expect(await user.wherry(['system', 'prune'], { input: 'n\n' })).toMatchObject({
      stderr: '',
      stdout: question,
      exitCode: 0,
    });
    const some = await user.wherry(['system', 'prune', '-f', '--filter', 'label=kind=old']);
    expect(some.stdout).toBe(`Deleted Containers:\n${old.stdout}\nTotal reclaimed space: 0B\n`);
    const all = (await user.wherry(['system', 'prune', '-a', '--volumes', '-f'])).stdout;
    expect(all).toContain(`Deleted Containers:\n${kept.stdout}`);
    expect(all).toContain('Deleted Networks:\nunused\n');
    expect(all).toMatch(/Deleted Volumes:\n[0-9a-f]{64}\n/);
    expect(all).toContain(`Deleted Images:\nuntagged: ${BUSYBOX}:latest\n`);
    expect(all).toMatch(/Total reclaimed space: \d.*[kM]B\n$/);
    expect((await user.wherry(['volume', 'ls', '-q'])).stdout).toBe('kept\n');
    expect((await user.wherry(['images', '-q'])).stdout).toBe('');
    const refused = await user.wherry(['system', 'prune', '--volumes', '--filter', 'until=1h']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is not supported with "--volumes"'),
    });
  });
});
