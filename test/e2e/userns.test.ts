import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tar } from '../support/tar.ts';
import { account, asUser, type TestUser, type USER_NAMES } from '../support/user.ts';

const IMAGE = 'localhost:5000/busybox';

function shellOf(name: (typeof USER_NAMES)[number]) {
  const user = asUser(name);
  const directory = path.join(user.root, 'work');
  const shell = (script: string): ReturnType<TestUser['run']> =>
    user.run('sh', ['-c', `mkdir -p ${directory}; cd ${directory}; ${script}`], {
      env: { PATH: `${path.dirname(user.program)}:/usr/bin:/bin`, IMAGE },
    });
  const output = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await shell(script);
    expect({ exitCode, stderr }, script).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  return { user, shell, output };
}

/** The lines of a uid_map: where it begins in the common namespace, and how many. */
function rangesOf(map: string): (readonly [start: number, count: number])[] {
  return map
    .trim()
    .split('\n')
    .map((line) => {
      const [, start = 0, count = 0] = line.trim().split(/\s+/).map(Number);
      return [start, count];
    });
}

describe('ids of a container’s own', () => {
  const { user, shell, output } = shellOf('wuser');
  beforeAll(async () => {
    await output(`wherry pull -q $IMAGE`);
  });
  afterEach(() => shell('wherry rm -fv $(wherry ps -aq); wherry volume prune -af; rm -rf ./*'));
  afterAll(() => user.cleanup());

  it.each(['auto', 'nomap'])('%s: files, devices and terminals are the container’s', async (mode) => {
    const seen = await output(
      `wherry run --rm -t --userns ${mode} --tmpfs /t --tmpfs /t3:uid=3 -v new:/n -v none:/none:nocopy -v $PWD:/work $IMAGE sh -c '
        touch /mine /etc/mine /t/mine /n/mine && echo 10.1.1.1 there >> /etc/hosts && echo out > /dev/stdout
        for each in / /none /t3 /mine /bin/busybox /dev /t /n /n/mine /etc/hosts /tmp/. /dev/pts/0 /work; do
          stat -c "%n %u" $each; done; touch /work/x || true'
       wherry run --rm --userns ${mode} $IMAGE sh -c 'echo pipe > /dev/stderr' 2>&1`,
    );
    expect(seen).toContain('out\r\n');
    for (const each of [
      '/',
      '/mine',
      '/bin/busybox',
      '/dev',
      '/t',
      '/n',
      '/n/mine',
      '/etc/hosts',
      '/tmp/.',
    ]) {
      expect(seen).toContain(`${each} 0\r\n`);
    }
    expect(seen).toContain('/dev/pts/0 0\r\n');
    // What is the user's is nobody's inside.
    expect(seen).toContain('/work 65534\r\n');
    expect(seen).toContain('touch: /work/x: Permission denied');
    expect(seen).toMatch(/pipe\n$/);
  });

  it('containers that are begun at once never share an id, and what is removed is free again', async () => {
    const names = ['one', 'two', 'three', 'four'];
    await output(
      `${names.map((name) => `wherry run -d --name ${name} --userns auto $IMAGE sleep 1000 > ${name} &`).join(' ')} wait`,
    );
    const held = new Map<string, readonly [start: number, count: number]>();
    for (const name of names) {
      const map = await output(`wherry exec ${name} cat /proc/self/uid_map`);
      for (const range of rangesOf(map)) held.set(name, range);
      const given = rangesOf(map).map(([start, count]) => `0:${start}:${count}`);
      const shown = await output(
        `wherry inspect -f '{{.HostConfig.UsernsMode}} {{json .HostConfig.IDMappings.UidMap}}' ${name}`,
      );
      expect(shown).toBe(`auto ${JSON.stringify(given)}\n`);
    }
    const all = [...held.values()].sort(([one], [other]) => one - other);
    expect(all).toEqual([1, 1025, 2049, 3073].map((start) => [start, 1024]));
    // A hole between two others.
    const [hole] = names.filter((name) => held.get(name)?.[0] === 1025);
    await output(`wherry rm -f ${hole}`);
    const next = await output(`wherry run --rm --userns auto:size=1001 $IMAGE cat /proc/self/uid_map`);
    expect(rangesOf(next)).toEqual([[1025, 1001]]);
    const larger = await output(`wherry run --rm --userns auto -u 3000 $IMAGE cat /proc/self/uid_map`);
    expect(rangesOf(larger)).toEqual([[4097, 3001]]);
  });

  it('has its capabilities in its own namespaces, also for exec and probes', async () => {
    const flags = `--cap-add NET_ADMIN --cap-add SYS_ADMIN --health-cmd 'id -u' --health-interval 200ms`;
    await output(`wherry run -d --name first --userns auto ${flags} --ipc shareable $IMAGE sleep 1000`);
    const changes = `ip link set lo down && ip link set lo up && hostname changed && hostname`;
    expect(await output(`wherry exec first sh -c '${changes}'`)).toBe('changed\n');
    const other = `--userns auto --network container:first --ipc container:first --pid container:first`;
    expect(
      await output(
        `wherry run --rm --cap-add NET_ADMIN ${other} $IMAGE sh -c 'ip link set lo down 2> /dev/null || ps -o args'`,
      ),
    ).toContain('sleep 1000');
    expect(await output(`wherry exec -u 7:8 first id`)).toBe('uid=7 gid=8\n');
    await expect
      .poll(() => output(`wherry inspect -f '{{.State.Health.Status}}' first`), { timeout: 60_000 })
      .toBe('healthy\n');
  });

  it.each(['overlay', 'vfs'])(
    'cp, diff, commit and export have the container’s owners, on %s',
    async (driver) => {
      const run = `wherry run --storage-driver ${driver} --userns`;
      const set =
        'mkdir /d; echo x > /d/f; chown 33:34 /d/f; chmod 6755 /d/f; setfacl -m u:35:r /d/f 2>/dev/null; true';
      await output(`${run} auto --name made $IMAGE sh -c '${set}'`);
      expect(await output(`wherry diff made`)).toBe('A /d\nA /d/f\n');
      const listed = /^-rwsr-sr-x 33\/34 .* d\/f$/m;
      expect(await output(`wherry cp made:/d - | tar tv --numeric-owner`)).toMatch(listed);
      expect(await output(`wherry export made | tar tv --numeric-owner`)).toMatch(listed);
      await output(`wherry commit made again; echo in > in; wherry cp in made:/d/in`);
      const stat = `stat -c '%a %u:%g' /d/f`;
      expect(await output(`wherry run --rm --storage-driver ${driver} again ${stat}`)).toBe('6755 33:34\n');
      expect(await output(`${run} nomap --rm again ${stat}`)).toBe('6755 33:34\n');
      const stopped = `wherry create --name idle --storage-driver ${driver} --userns auto $IMAGE stat -c %u:%g /in`;
      expect(await output(`${stopped} > id; wherry cp in idle:/; wherry start -a idle`)).toBe('0:0\n');
      await output(`wherry rm -f made idle; wherry rmi again`);
    },
  );

  it('keeps capabilities of files, set-id bits and owners of an image', async () => {
    // struct vfs_cap_data (linux/capability.h), revision 2 and effective: CAP_DAC_OVERRIDE.
    const data = Buffer.from('0100000202000000000000000000000000000000', 'hex');
    const program = await output(`wherry run --rm $IMAGE cat /bin/busybox | base64 -w 0`);
    const busybox = { mode: 0o755, body: Buffer.from(program, 'base64') };
    const archive = tar([
      { name: 'sh', ...busybox },
      { name: 'cat', ...busybox, xattrs: { 'security.capability': data } },
      { name: 'stat', ...busybox, mode: 0o4755, uid: 44 },
      { name: 'secret', mode: 0o600, body: 'told\n' },
    ]);
    writeFileSync(path.join(user.root, 'work', 'image.tar'), archive, { mode: 0o644 });
    await output(`wherry import image.tar capable > id`);
    const run = `wherry run --rm -u 1000 capable`;
    expect(await output(`${run} /cat /secret`)).toBe('told\n');
    for (const mode of ['auto', 'nomap', 'auto:size=1001']) {
      const own = run.replace('--rm', `--rm --userns ${mode}`);
      expect(await output(`${own} /cat /secret`)).toBe('told\n');
      expect(await output(`${own} /stat -c %a:%u /stat`)).toBe('4755:44\n');
      expect((await shell(`${own} /sh -c '/sh -c "read x < /secret"'`)).exitCode).not.toBe(0);
    }
    await output(`wherry rmi capable`);
  });

  it('keeps a copy of an image until nobody has it', async () => {
    // A container's own files lie under its id, which is longer.
    const copies = (): number =>
      readdirSync(path.join(user.root, 'storage/overlay')).filter((name) => name.length === 12).length;
    await output(`wherry run --rm --userns nomap $IMAGE true; wherry image prune -f`);
    const alone = copies();
    await output(
      `wherry run --name stands --userns nomap $IMAGE true; wherry run --rm --userns auto $IMAGE true`,
    );
    await output(`wherry image prune -f`);
    expect(copies()).toBe(alone + 1);
    expect(await output(`wherry system check`)).toContain('nothing is wrong');
    await output(`wherry rm stands; wherry image prune -f`);
    expect(copies()).toBe(alone);
  });

  it('is found damaged, and mended', async () => {
    await output(`wherry run --name one --userns nomap $IMAGE true`);
    const layers = path.join(user.root, 'storage/overlay');
    const group = readdirSync(layers)
      .map((name) => path.join(layers, name, 'diff/etc/group'))
      .find((file) => existsSync(file) && statSync(file).uid !== user.uid);
    if (group === undefined) throw new Error('there is no copy');
    chmodSync(group, 0o666);
    const found = await shell(`wherry system check`);
    expect(found.stdout).toMatch(
      /^The layer sha256:\w+\.\w+ of image \S+ \(overlay\) has another mode of etc\/group\.$/m,
    );
    expect((await shell(`wherry system check --repair`)).stdout).toContain('It has been copied again.');
    expect(await output(`wherry system check`)).toContain('nothing is wrong');
    expect(await output(`wherry run --rm --userns nomap $IMAGE stat -c %a:%u /etc/group`)).toBe('644:0\n');
  });

  it('says what can’t be', async () => {
    const refused = async (flags: string): Promise<string> => {
      const { exitCode, stderr } = await shell(`wherry run --rm ${flags} $IMAGE true`);
      expect(exitCode).toBe(125);
      return stderr;
    };
    expect(await refused('--userns auto:size=10')).toContain('--userns auto:size=N');
    expect(await refused('--userns auto:size=70000')).toContain('needs 70000 user ids');
    expect(await refused('--userns auto:uidmapping=0:@0:1')).toContain('not all of these ids are yours');
    expect(await refused('--userns auto:sise=10')).toContain('Invalid --userns');
    const { stderr } = await shell(`mkdir -p tree; wherry run --rm --userns auto --rootfs $PWD/tree true`);
    expect(stderr).toContain('--rootfs');
    // Nothing is held after that, and nothing left.
    const map = await output(`wherry run --rm --userns auto $IMAGE cat /proc/self/uid_map`);
    expect(rangesOf(map)[0]?.[0]).toBe(1);
    const plan = await output(`wherry run --explain --userns auto:size=2222 $IMAGE true`);
    expect(plan).toContain('layers to be copied first');
    expect(plan).toMatch(/own-ids uids=\[\{"inside":0,"outside":\d+,"count":2222\}\]/);
  });
});

describe('without subordinate ids', () => {
  const { user, shell, output } = shellOf('wnosub');
  afterAll(() => user.cleanup());

  it.each(['auto', 'nomap'])('%s says what the administrator would have to do', async (mode) => {
    await output(`wherry pull -q $IMAGE`);
    const { exitCode, stderr } = await shell(`wherry run --rm --userns ${mode} $IMAGE true`);
    expect(exitCode).toBe(125);
    expect(stderr).toContain(`--userns ${mode} gives a container ids that are none of yours`);
    expect(stderr).toContain(
      `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${account('wnosub')}`,
    );
  });
});
