import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('archives of images of %s', (name) => {
  let user: TestUser;
  let id: string;
  const path = (file: string) => `${user.root}/${file}`;
  const sh = async (script: string) => {
    const result = await user.run('sh', ['-ec', script], { cwd: user.root, timeoutMs: 120_000 });
    expect(result.exitCode, `${script}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const runs = async (image: string) => {
    const run = await user.wherry(['run', '--rm', '--network', 'none', image, 'echo', 'fine']);
    expect(run, run.stderr).toMatchObject({ stdout: 'fine\n', exitCode: 0 });
  };
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
    id = (await user.wherry(['images', '-q', '--no-trunc'])).stdout.trim();
  });
  afterAll(() => user.cleanup());

  it('are the same by -o and by standard output, and come back whole', async () => {
    expect(await user.wherry(['save', '-o', path('a.tar'), BUSYBOX])).toMatchObject({
      stdout: '',
      stderr: '',
      exitCode: 0,
    });
    await sh(`${user.program} save ${BUSYBOX} > b.tar; cmp a.tar b.tar`);
    const digest = (await user.wherry(['images', '--format', '{{.Digest}}'])).stdout;
    expect((await user.wherry(['rmi', BUSYBOX])).exitCode).toBe(0);
    const loaded = await user.wherry(['load', '-q'], { input: readFileSync(path('a.tar')) });
    expect(loaded).toMatchObject({ stdout: `Loaded image: ${BUSYBOX}:latest\n`, exitCode: 0 });
    expect((await user.wherry(['images', '--format', '{{.Digest}}'])).stdout).toBe(digest);
    await runs(BUSYBOX);
  });

  it('are not written to a terminal', async () => {
    const refused = await user.startWherry(['save', BUSYBOX], { terminal: true }).result;
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain('cowardly refusing to save to a terminal');
  });

  it('are read by skopeo in both forms, which finds the same image', async () => {
    await user.wherry(['save', '-o', path('c.tar'), BUSYBOX]);
    const docker = await sh('skopeo inspect --config --raw docker-archive:c.tar | sha256sum');
    expect(docker.slice(0, 64)).toBe(id.slice(7));
    const oci = await sh('skopeo inspect --config --raw oci-archive:c.tar:latest | sha256sum');
    expect(oci.slice(0, 64)).toBe(id.slice(7));
  });

  it('come from skopeo, as docker-archive and as OCI archive', async () => {
    const from = `docker://${BUSYBOX}`;
    await sh(`skopeo copy --src-tls-verify=false ${from} docker-archive:d.tar:from/skopeo:docker`);
    await sh(`skopeo copy --src-tls-verify=false ${from} oci-archive:e.tar:from/skopeo:oci`);
    expect((await user.wherry(['load', '-i', path('d.tar')])).stdout).toBe(
      'Loaded image: from/skopeo:docker\n',
    );
    expect((await user.wherry(['image', 'load', '--input', path('e.tar')])).stdout).toBe(
      'Loaded image: from/skopeo:oci\n',
    );
    await runs('from/skopeo:docker');
    await runs('from/skopeo:oci');
  });

  it('are refused when they are none', async () => {
    const refused = await user.wherry(['load'], { input: 'no archive' });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("The archive can't be loaded");
    expect((await user.wherry(['load', '-i', '/nowhere'])).exitCode).toBe(1);
  });
});
