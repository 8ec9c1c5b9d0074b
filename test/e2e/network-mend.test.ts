import { readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';

describe.each(USER_NAMES)('after kill -9 of what networks of %s rest on', (name) => {
  let user: TestUser;
  const must = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await user.wherry(args);
    expect(exitCode, `wherry ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const detached = (container: string, ...args: string[]): Promise<string> =>
    must('run', '-d', '--name', container, ...args, BUSYBOX, 'sleep', '1000');
  /** Pids of a user's processes by what they call themselves. */
  const pidsOf = (comm: string): readonly number[] =>
    user.processes().filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === comm;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
  /** pasta goes by the name of the program for this processor, in older versions by passt's. */
  const uplinks = (): readonly number[] =>
    ['slirp4netns', 'pasta', 'pasta.avx2', 'passt.avx2'].flatMap(pidsOf);
  const kill = async (comm: string): Promise<void> => {
    const pids = pidsOf(comm);
    expect(pids, comm).toHaveLength(1);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await expect.poll(() => pidsOf(comm).filter((pid) => pids.includes(pid))).toEqual([]);
  };
  const reaches = async (from: string, to: string): Promise<void> => {
    expect(await must('exec', from, 'ping', '-c', '1', '-W', '5', to)).toMatch(/1 packets received/);
  };

  beforeAll(async () => {
    user = asUser(name);
    await must('pull', '-q', BUSYBOX);
    await must('network', 'create', 'lab');
  });
  afterAll(() => user.cleanup());

  it('a container’s own uplink: there is another at once, and a restart has its own', async () => {
    await user.wherry(['rm', '-f', 's1']);
    await expect.poll(uplinks, { timeout: 60_000 }).toEqual([]);
    await detached('s1', '--network', 'slirp');
    const address = (): Promise<string> => must('exec', 's1', 'ip', '-o', 'addr', 'show');
    let before = uplinks();
    expect(before).toHaveLength(1);
    process.kill(before[0] ?? 0, 'SIGKILL');
    const fresh = () => uplinks().filter((pid) => !before.includes(pid)).length;
    await expect.poll(fresh, { timeout: 60_000 }).toBe(1);
    await expect.poll(address, { timeout: 60_000 }).toMatch(/tap0.*10\.0\.2\.100/);
    before = uplinks();
    await must('restart', '-t', '0', 's1');
    expect(fresh()).toBe(1);
    expect(await address()).toMatch(/tap0.*10\.0\.2\.100/);
    await must('rm', '-f', 's1');
    await expect.poll(uplinks).toEqual([]);
  });

  it('what carries a container’s ports: there is another at once', async () => {
    await user.wherry(['rm', '-f', 'p1']);
    await must('run', '-d', '--name', 'p1', '-p', '127.0.0.1::80', BUSYBOX, 'httpd', '-f', '-h', '/etc');
    const [, port = ''] = (await must('port', 'p1', '80')).trim().split(':');
    await kill('wherry-ports');
    const answer = await fetch(`http://127.0.0.1:${port}/hostname`, { signal: AbortSignal.timeout(20_000) });
    expect(answer.status).toBe(200);
    await must('rm', '-f', 'p1');
    expect(pidsOf('wherry-ports')).toEqual([]);
  });

  it('the keeper: containers go on, and the next start brings back uplink and DNS in the same namespace', async () => {
    await must('rm', '-f', 'k1', 'k2', 'k3').catch(() => undefined);
    await detached('k1', '--network', 'lab');
    await detached('k2', '--network', 'lab', '-p', '127.0.0.1::80');
    await kill('wherry-network');
    await expect.poll(uplinks).toEqual([]);
    await reaches('k1', 'k2');
    await detached('k3', '--network', 'lab');
    await reaches('k3', 'k1');
    await reaches('k1', 'k3');
    expect(await must('exec', 'k1', 'nslookup', '-type=A', 'k3')).toMatch(/Address: 172\./);
    expect(uplinks()).toHaveLength(1);
    // A restart has its old name, and is reached by those who stayed.
    await must('restart', '-t', '0', 'k2');
    await reaches('k1', 'k2');
    await must('rm', '-f', 'k1', 'k2', 'k3');
    await expect.poll(() => pidsOf('wherry-network')).toEqual([]);
  });

  it('the holder of the user namespace: a new one holds the same, as long as anything is in it', async () => {
    await user.wherry(['rm', '-f', 'h1', 'h2']);
    await detached('h1', '--network', 'lab');
    await kill('wherry-holder');
    await must('exec', 'h1', 'true');
    await detached('h2', '--network', 'lab');
    await reaches('h1', 'h2');
    await must('restart', '-t', '0', 'h1');
    await reaches('h2', 'h1');
    expect(pidsOf('wherry-holder')).toHaveLength(1);
    expect(pidsOf('wherry-network')).toHaveLength(1);
    // A command that has answered may be a moment from its end.
    const namespaces = () => new Set(user.processes().map((pid) => readlinkSync(`/proc/${pid}/ns/user`)));
    await expect.poll(() => namespaces().size).toBe(1);
    await must('rm', '-f', 'h1', 'h2');
  });
});
