import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { loadavg, networkInterfaces } from 'node:os';
import path from 'node:path';
import { preparePeers, REGISTRY, WHERRY } from './peers.ts';
import { interleave } from './sample.ts';

/**
 * Networks: throughput by iperf3, in Gbit/s between addresses of this machine alone, and what a network adds to `run`.
 * `node bench/network.ts [ROUNDS]`, as root.
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const SECONDS = 2;
const DEBIAN = `${REGISTRY}/debian:bookworm`;
/** The machine's own iperf3 with its libraries, in an image that has neither. */
const TOOLS = ['/usr/bin/iperf3', '/usr/lib/x86_64-linux-gnu'].flatMap((each) => [
  '-v',
  `${each}:${each}:ro`,
]);
/** Of the user's subjects on the host. */
const PORTS = { plain: 5400, wherry: 5401, podman: 5402, pasta: 5403 } as const;

const { user } = preparePeers();
const options = {
  uid: user.uid,
  gid: user.gid,
  env: user.env,
  cwd: user.env.HOME,
  encoding: 'utf8',
} as const;
const as = (file: string, ...args: string[]): string => execFileSync(file, args, options);
const children: ChildProcess[] = [];

function start(file: string, args: readonly string[], account: object = options): ChildProcess {
  const child = spawn(file, args, { ...account, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

function gigabits(report: string): number {
  const { end, error } = JSON.parse(report) as {
    error?: string;
    end: { sum_received?: { bits_per_second: number } };
  };
  if (end.sum_received === undefined) throw new Error(`iperf3: ${error}`);
  return end.sum_received.bits_per_second / 1e9;
}

const client = (host: string, port: number, ...more: string[]): readonly string[] => [
  ...['iperf3', '-c', host, '-p', String(port), '-t', String(SECONDS), '-J', ...more],
];
const onHost =
  (...args: Parameters<typeof client>) =>
  () => {
    const [file = '', ...rest] = client(...args);
    return gigabits(as(file, ...rest));
  };
const inContainer =
  (program: string, ...args: Parameters<typeof client>) =>
  () =>
    gigabits(as(program, 'run', '--rm', ...TOOLS, DEBIAN, ...client(...args)));

/** As containers have it: a host's bbr would pace what never leaves the machine. */
const UNPACED =
  'cd /proc/sys/net/ipv4; case $(cat tcp_congestion_control) in bbr) echo reno >tcp_congestion_control ;; esac';

/** Two namespaces with a veth pair between them and nothing else: what a bridge is measured by. */
async function vethPair(prepare: string): Promise<() => number> {
  const machine = async (): Promise<number> => {
    const script = `${prepare}; ip link set lo up; echo up; exec sleep 3600`;
    const child = start('unshare', ['--net', 'sh', '-c', script], {});
    await once(child.stdout ?? child, 'data');
    return child.pid ?? 0;
  };
  const [near, far] = [await machine(), await machine()];
  const within = (pid: number, ...command: string[]): string =>
    execFileSync('nsenter', ['-t', String(pid), '-n', ...command], { encoding: 'utf8' });
  const mtu = ['mtu', '65520'];
  within(
    near,
    ...['ip', 'link', 'add', 'name', 'veth0', ...mtu, 'type', 'veth', 'peer', 'name', 'veth0', ...mtu],
    ...['netns', String(far)],
  );
  for (const [pid, address] of [
    [near, '10.213.0.1/24'],
    [far, '10.213.0.2/24'],
  ] as const) {
    within(pid, 'sh', '-ec', `ip addr add ${address} dev veth0; ip link set veth0 up`);
  }
  start('nsenter', ['-t', String(far), '-n', 'iperf3', '-s'], {});
  return () => gigabits(within(near, ...client('10.213.0.2', 5201)));
}

/** One of an earlier run that was cut off, too. */
function removeServer(program: string): void {
  spawnSync(program, ['rm', '-f', 'bench-server'], options);
}

const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
if (outside === undefined) throw new Error('This machine has no address but those of its loopback.');

/** podman, where it runs: its runtime refuses some machines, such as those with a hybrid cgroup hierarchy. */
const hasPodman = spawnSync('podman', ['run', '--rm', DEBIAN, 'true'], options).status === 0;
const programs = hasPodman ? [WHERRY, 'podman'] : [WHERRY];
process.on('exit', () => {
  // With what they have started: the command under pasta outlives it, and keeps its port.
  for (const { pid } of children) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  for (const program of programs) removeServer(program);
});
for (const program of programs) {
  as(program, 'pull', '-q', DEBIAN);
  removeServer(program);
  const port = program === WHERRY ? PORTS.wherry : PORTS.podman;
  as(program, 'run', '-d', '--name', 'bench-server', '-p', `${port}:5201`, ...TOOLS, DEBIAN, 'iperf3', '-s');
}
start('iperf3', ['-s', '-p', String(PORTS.plain)]);
start('pasta', ['-f', '-q', '--config-net', '-t', `${PORTS.pasta}:5201`, '--', 'iperf3', '-s']);
const veth = await vethPair(':');
const unpacedVeth = await vethPair(UNPACED);
const address = as(WHERRY, 'inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'bench-server').trim();
for (const port of Object.values(PORTS).filter((each) => hasPodman || each !== PORTS.podman)) {
  execFileSync('sh', [
    '-c',
    `for i in 1 2 3 4 5 6 7 8 9; do iperf3 -c 127.0.0.1 -p ${port} -n 1K >/dev/null && exit; sleep 0.5; done; exit 1`,
  ]);
}

const subjects: Readonly<Record<string, () => number>> = {
  'loopback of the host': onHost('127.0.0.1', PORTS.plain),
  'a veth pair and nothing else': veth,
  'the same, with the congestion control that containers have': unpacedVeth,
  'container to container, wherry bridge': inContainer(WHERRY, address, 5201),
  'host to container, wherry -p': onHost('127.0.0.1', PORTS.wherry),
  'host to container, podman -p': onHost('127.0.0.1', PORTS.podman),
  'host to a command under pasta': onHost('127.0.0.1', PORTS.pasta),
  'container to host, wherry -p': onHost('127.0.0.1', PORTS.wherry, '-R'),
  'container to host, podman -p': onHost('127.0.0.1', PORTS.podman, '-R'),
  'a command under pasta to host': onHost('127.0.0.1', PORTS.pasta, '-R'),
  'container to host by its uplink, wherry': inContainer(WHERRY, outside, PORTS.plain),
  'container to host by its uplink, podman': inContainer('podman', outside, PORTS.plain),
};
const wanted = Object.entries(subjects).filter(([name]) => hasPodman || !name.includes('podman'));
const figures = new Map<string, number[]>(wanted.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, measure] of wanted) figures.get(name)?.push(measure());
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const row = (name: string, values: readonly number[], best: number, digits: number): string => {
  const all = values.map((value) => value.toFixed(digits)).join(' ');
  return `| ${name} | ${best.toFixed(digits)} | ${median(values).toFixed(digits)} | ${all} |`;
};
const throughput = [...figures].map(([name, values]) => row(name, values, Math.max(...values), 1));

const run = (network: string) => ({
  argv: [WHERRY, 'run', '--rm', '--network', network, `${REGISTRY}/debian:bookworm`, 'true'],
});
// The server is there all the time, and with it the user's namespaces.
const times = interleave(
  { none: run('none'), 'the default network': run('bridge'), slirp: run('slirp'), host: run('host') },
  ROUNDS * 4,
  user,
).map(({ subject, milliseconds }) => row(subject, milliseconds, Math.min(...milliseconds), 0));

const note = hasPodman ? '' : '\nNot beside podman, which runs no container on this machine.\n';
const text = `# Networks

Load ${loadavg()[0]?.toFixed(1)} at the end; read the ratios of one row of rounds to another's.

| iperf3, one stream, Gbit/s | best | median | all |
| --- | --- | --- | --- |
${throughput.join('\n')}
${note}
| \`run --rm --network … debian true\`, ms | least | median | all |
| --- | --- | --- | --- |
${times.join('\n')}
`;
console.log(text);
writeFileSync(path.join(import.meta.dirname, 'results/network.md'), text);
process.exit(0);
