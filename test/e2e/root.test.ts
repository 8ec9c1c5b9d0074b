import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RootCaller } from '../support/root.ts';

const BUSYBOX = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian:bookworm';

let root: RootCaller;
beforeAll(async () => {
  root = new RootCaller();
  for (const image of [BUSYBOX, DEBIAN]) await output(`wherry pull -q ${image}`);
});
afterAll(() => root.cleanup());

const shell = (script: string) => root.run('sh', ['-c', script]);

/** Its output, when it succeeds and says nothing of errors. */
async function output(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await shell(script);
  expect({ exitCode, stderr }, script).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

const run = `wherry run --rm`;

/** The id of the host that the containers' root is. */
async function mappedRoot(): Promise<number> {
  return Number((await output(`${run} ${BUSYBOX} cat /proc/self/uid_map`)).trim().split(/\s+/)[1]);
}

it("root of the container is an id of nobody's, never the machine's root", async () => {
  const maps = await output(`${run} ${BUSYBOX} sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map'`);
  const [id, ...lines] = maps.trim().split('\n');
  expect(id).toBe('0');
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    const [inside, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    expect([inside, count]).toEqual([0, 65536]);
    expect(outside).toBeGreaterThan(65536);
    const taken = ['/etc/passwd', '/etc/group', '/etc/subuid', '/etc/subgid']
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .flatMap((each) => each.split(':').map(Number))
      .filter((each) => each >= outside && each < outside + count);
    expect(taken).toEqual([]);
  }
  const users = await output(`${run} ${DEBIAN} sh -c 'stat -c %u:%g /; ls -ln /etc/shadow; id nobody'`);
  expect(users).toMatch(/^0:0\n-rw-r----- 1 0 42 .*\nuid=65534\(nobody\)/);
});

it.each(['overlay', 'vfs'])('lives, writes, stops and goes, on %s', async (driver) => {
  const owner = await mappedRoot();
  const script = `trap "exit 3" TERM; date >/d/f; echo x >/host/f; chown 5:6 /host/f; echo ready; while :; do sleep 0.1; done`;
  const flags = `--storage-driver ${driver} -v data:/d -v $PWD/made/here:/host`;
  await output(`wherry run -d --name c1 ${flags} ${BUSYBOX} sh -c '${script}'`);
  await output(`until wherry logs c1 | grep -q ready; do sleep 0.1; done`);
  expect(await output(`wherry ps --format '{{.Names}} {{.State}}'`)).toBe('c1 running\n');
  const [pid] = (await output(`wherry inspect -f '{{.State.Pid}}' c1`)).split('\n');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  expect(status).toMatch(new RegExp(`^Uid:(\t${owner}){4}$`, 'm'));
  expect(status).toMatch(new RegExp(`^Gid:(\t${owner}){4}$`, 'm'));
  // All that stays for the container, its monitor among them, is no root of the machine.
  const foreign = () => root.processes().filter((each) => statSync(`/proc/${each}`).uid !== owner);
  await expect.poll(foreign).toEqual([]);
  const owners = (file: string) => {
    const { uid, gid } = statSync(path.join(root.directory, file));
    return [uid, gid];
  };
  expect(owners('state/volumes/data/_data/f')).toEqual([owner, owner]);
  expect(owners('work/made')).toEqual([owner, owner]);
  expect(owners('work/made/here/f')).toEqual([owner + 5, owner + 6]);
  expect(await output(`wherry exec c1 sh -c 'id -u; cat /host/f'`)).toBe('0\nx\n');
  expect(await output(`wherry stop c1; wherry inspect -f '{{.State.ExitCode}}' c1`)).toBe('c1\n3\n');
  await output(`wherry rm c1; wherry volume rm data; rm -r made`);
  expect(readdirSync(path.join(root.root, 'containers'))).toEqual([]);
  expect(readdirSync(path.join(root.root, 'volumes'))).toEqual([]);
  expect(root.mounts()).toEqual([]);
});

it('leaves nothing of a container with --rm, whether it ran or not', async () => {
  const containers = path.join(root.root, 'containers');
  await output(`${run} -v /anonymous ${BUSYBOX} true`);
  expect(readdirSync(containers)).toEqual([]);
  expect((await shell(`${run} ${BUSYBOX} /nonexistent`)).exitCode).toBe(127);
  expect(readdirSync(containers)).toEqual([]);
  expect(await output(`wherry ps -aq; wherry volume ls -q`)).toBe('');
});

it('has volumes as every user has them', async () => {
  const list = `stat -c "%n %u:%g %a" /etc/passwd /etc/shadow`;
  const image = await output(`${run} ${DEBIAN} sh -c '${list}'`);
  expect(await output(`${run} -v etc:/etc ${DEBIAN} sh -c '${list}'`)).toBe(image);
  const denied = await shell(`${run} -v etc:/etc:ro ${DEBIAN} touch /etc/x`);
  expect(denied).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Read-only file system') });
  await output(`wherry create --name store -v /dbdata ${BUSYBOX} true`);
  await output(`${run} --volumes-from store ${BUSYBOX} sh -c 'echo rows >/dbdata/t; chown 7:8 /dbdata/t'`);
  await output(`wherry volume export -o v.tar $(wherry volume ls -qf dangling=false)`);
  await output(`wherry volume create copy; wherry volume import copy v.tar; wherry rm -v store; rm v.tar`);
  const flags = `-v copy:/c --tmpfs /t:size=64k --mount type=image,source=${DEBIAN},target=/deb -v given:/etc:U -u 7:8`;
  const seen = `cat /c/t; stat -c %u:%g /c/t /etc/passwd; df /t | grep -c 64; cat /deb/etc/debian_version`;
  expect(await output(`${run} ${flags} ${BUSYBOX} sh -c '${seen}'`)).toMatch(/^rows\n7:8\n7:8\n1\n12/);
  expect(await output(`wherry volume rm $(wherry volume ls -q)`)).toBe('copy\netc\ngiven\n');
});

it('refuses what its ids have no way to, and to lend its own', async () => {
  const refusals: readonly (readonly [command: string, sentence: RegExp])[] = [
    [`${run} -v /root:/x ${BUSYBOX} true`, /The bind source \/root can't be reached/],
    [`${run} -v /root/x:/x ${BUSYBOX} true`, /to whom \/root is closed/],
    [`${run} -v /etc/shadow:/x ${BUSYBOX} true`, /The bind source \/etc\/shadow can't be read/],
    [`${run} --userns keep-id ${BUSYBOX} true`, /--userns keep-id is not for root/],
    [`${run} --userns nomap ${BUSYBOX} true`, /--userns nomap is not for root/],
    [
      `mkdir -m 700 closed; WHERRY_ROOT=$PWD/closed/state ${run} ${BUSYBOX} true`,
      /Root's containers can't reach/,
    ],
  ];
  for (const [command, sentence] of refusals) {
    const { exitCode, stderr } = await shell(command);
    const exitStatus = stderr.includes('permission denied') ? 126 : 125;
    expect({ exitCode, stderr }, command).toEqual({
      exitCode: exitStatus,
      stderr: expect.stringMatching(sentence),
    });
  }
  expect(await output(`wherry ps -aq; test -e /root/x || rm -r closed`)).toBe('');
});

it('is at home in /var/lib/wherry, also with a umask of 077', async () => {
  // In a mount namespace of its own, so that nothing of the machine's is touched.
  const prepare = `mkdir lib run; mount --bind lib /var/lib; mount --bind run /run; umask 077; unset WHERRY_ROOT`;
  const use = `wherry run --rm -v vol:/v -u 1000 ${BUSYBOX} sh -c "test -r /etc/resolv.conf && echo fine"`;
  const script = `${prepare}; wherry pull -q ${BUSYBOX} && ${use}; wherry info --format '{{.DockerRootDir}}'; stat -c %a:%u /var/lib/wherry`;
  const shown = await output(`unshare --mount sh -c '${script.replaceAll("'", `'\\''`)}'`);
  expect(shown).toMatch(/^\S+\nfine\n\/var\/lib\/wherry\n711:0\n$/);
});
