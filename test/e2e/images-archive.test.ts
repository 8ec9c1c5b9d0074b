import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../support/image-store.ts';
import { tar } from '../support/tar.ts';
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
    // An index of several platforms, with an attestation.
    const index = 'docker://localhost:5000/multiarch';
    await sh(`skopeo copy -q --all --src-tls-verify=false ${index} oci-archive:f.tar:from/skopeo:all`);
    expect((await user.wherry(['load', '-i', path('f.tar')])).stdout).toBe('Loaded image: from/skopeo:all\n');
    await runs('from/skopeo:all');
  });

  it('come from podman, as docker-archive and as OCI archive', async (context) => {
    if (!existsSync('/usr/bin/podman')) context.skip('podman is not installed');
    if (name !== 'wuser') context.skip('podman wants a range of subordinate ids');
    const podman = `podman --root ${path('pod')} --runroot ${path('pod-run')} --storage-driver vfs`;
    await sh(`${podman} pull -q --tls-verify=false ${BUSYBOX} >/dev/null 2>&1`);
    for (const form of ['docker-archive', 'oci-archive']) {
      await sh(`${podman} save -q --format ${form} -o ${form}.tar ${BUSYBOX} 2>/dev/null`);
      await user.wherry(['rmi', '-f', BUSYBOX]);
      const loaded = await user.wherry(['load', '-i', path(`${form}.tar`)]);
      expect(loaded.stdout, loaded.stderr).toBe(`Loaded image: ${BUSYBOX}:latest\n`);
      await runs(BUSYBOX);
    }
    await sh(`podman unshare rm -rf ${path('pod')} ${path('pod-run')}`);
  });

  it.each(['overlay', 'vfs'])(
    'keep owners, devices, links and holes that the user can’t make, on %s',
    async (driver) => {
      const foreign = { uid: 1_500_000, gid: 1_500_001 };
      const layers = [
        tar([
          { name: 'replaced', body: 'of another', ...foreign },
          { name: 'z', body: 'of two names', ...foreign, mode: 0o4755 },
          { name: 'a', type: 'hardlink', linkname: 'z' },
          { name: 'null', type: 'char', device: [1, 3], mode: 0o666 },
          { name: 'no-device', type: 'char', device: [1, 3], mode: 0o666 },
          { name: 'gone', body: 'x' },
          { name: 'made-again', body: 'x', ...foreign },
          { name: Buffer.from('latin1-\xe9', 'latin1'), body: 'x' },
        ]),
        tar([
          { name: 'replaced', body: 'of root' },
          { name: 'no-device', body: '', mode: 0o666 },
          { name: '.wh.gone', body: '' },
          { name: '.wh.made-again', body: '' },
          { name: 'sparse', body: Buffer.alloc(4 << 20) },
        ]),
        tar([{ name: 'made-again', body: 'of root' }]),
      ];
      const config = JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
      });
      const archive = tar([
        { name: 'config.json', body: config },
        ...layers.map((body, index) => ({ name: `${index}.tar`, body })),
        {
          name: 'manifest.json',
          body: JSON.stringify([
            { Config: 'config.json', RepoTags: ['odd:1'], Layers: ['0.tar', '1.tar', '2.tar'] },
          ]),
        },
      ]);
      expect(await user.wherry(['load', '--storage-driver', driver], { input: archive })).toMatchObject({
        stdout: 'Loaded image: odd:1\n',
      });
      const exported = async (image: string, file: string) => {
        const made = ['--storage-driver', driver, '--name', file, '--network', 'none', image, '/a'];
        expect((await user.wherry(['create', ...made])).exitCode).toBe(0);
        await sh(`${user.program} export ${file} > ${file}`);
        expect((await user.wherry(['rm', file])).exitCode).toBe(0);
        return sh(`tar -tvf ${file} --numeric-owner --quoting-style=escape | sort -k 6`);
      };
      const first = await exported('odd:1', 'first.tar');
      expect(
        first
          .split('\n')
          .map((line) => line.replaceAll(/ +/g, ' '))
          .filter(Boolean),
      ).toEqual([
        '-rwsr-xr-x 1500000/1500001 12 2023-11-14 22:13 a',
        String.raw`-rw-r--r-- 0/0 1 2023-11-14 22:13 latin1-\351`,
        '-rw-r--r-- 0/0 7 2023-11-14 22:13 made-again',
        '-rw-rw-rw- 0/0 0 2023-11-14 22:13 no-device',
        'crw-rw-rw- 0/0 1,3 2023-11-14 22:13 null',
        '-rw-r--r-- 0/0 7 2023-11-14 22:13 replaced',
        '-rw-r--r-- 0/0 4194304 2023-11-14 22:13 sparse',
        'hrwsr-xr-x 1500000/1500001 0 2023-11-14 22:13 z link to a',
      ]);
      await sh(`${user.program} import - odd:2 < first.tar`);
      expect(await exported('odd:2', 'second.tar')).toBe(first);
      // What was a hole, or nothing but zeros, takes no room when it is unpacked.
      expect(await sh('find storage -name sparse -size +100k -printf "%b\\n" | sort -u')).toBe('0\n');
      await user.wherry(['rmi', 'odd:1', 'odd:2']);
    },
  );

  it('are refused when they are none', async () => {
    const refused = await user.wherry(['load'], { input: 'no archive' });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("The archive can't be loaded");
    expect((await user.wherry(['load', '-i', '/nowhere'])).exitCode).toBe(1);
  });
});
