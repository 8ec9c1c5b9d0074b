import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { preparePeers, REGISTRY, WHERRY } from './peers.ts';

/** Throughput by iperf3, in Gbit/s, between addresses of this machine alone. `node bench/network.ts [ROUNDS]` */
const ROUNDS = Number(process.argv[2] ?? 4);
const SECONDS = 2;
const DEBIAN = `${REGISTRY}/debian:bookworm`;
/** The machine's own iperf3 with its libraries, in an image that has neither. */
const TOOLS = ['/usr/bin/iperf3', '/usr/lib/x86_64-linux-gnu'].flatMap((each) => [
  '-v',
  `${each}:${each}:ro`,
]);

const { user } = preparePeers();
const options = {
  uid: user.uid,
  gid: user.gid,
  env: user.env,
  cwd: user.env.HOME,
  encoding: 'utf8',
} as const;
const as = (file: string, ...args: string[]): string => execFileSync(file, args, options);

/** One of an earlier run that was cut off, too. */
function removeServer(program: string): void {
  spawnSync(program, ['rm', '-f', 'bench-server'], options);
}

function server(port: number): ChildProcess {
  return spawn('iperf3', ['-s', '-p', String(port)], { ...options, stdio: 'ignore' });
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
  'iperf3',
  '-c',
  host,
  '-p',
  String(port),
  '-t',
  String(SECONDS),
  '-J',
  ...more,
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

const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
if (outside === undefined) throw new Error('This machine has no address but those of its loopback.');

/** podman, where it runs: its runtime refuses some machines, such as those with a hybrid cgroup hierarchy. */
const hasPodman = spawnSync('podman', ['run', '--rm', DEBIAN, 'true'], options).status === 0;
const programs = hasPodman ? [WHERRY, 'podman'] : [WHERRY];
for (const program of programs) {
  as(program, 'pull', '-q', DEBIAN);
  removeServer(program);
}
const serve = (program: string, port: number): void => {
  as(program, 'run', '-d', '--name', 'bench-server', '-p', `${port}:5201`, ...TOOLS, DEBIAN, 'iperf3', '-s');
};
const plain = server(5400);
process.on('exit', () => {
  plain.kill();
  for (const program of programs) removeServer(program);
});
serve(WHERRY, 5401);
if (hasPodman) serve('podman', 5402);
const address = as(
  WHERRY,
  'network',
  'inspect',
  '-f',
  '{{range .Containers}}{{.IPv4Address}}{{end}}',
  'bridge',
)
  .trim()
  .replace(/\/\d+$/, '');
execFileSync('sh', [
  '-c',
  'for i in 1 2 3 4 5 6 7 8 9; do iperf3 -c 127.0.0.1 -p 5401 -n 1K >/dev/null && exit; sleep 0.3; done',
]);

const subjects: Readonly<Record<string, () => number>> = {
  loopback: onHost('127.0.0.1', 5400),
  'host to container, wherry -p': onHost('127.0.0.1', 5401),
  'host to container, podman -p': onHost('127.0.0.1', 5402),
  'container to host, wherry -p': onHost('127.0.0.1', 5401, '-R'),
  'container to host, podman -p': onHost('127.0.0.1', 5402, '-R'),
  'container to container, wherry bridge': inContainer(WHERRY, address, 5201),
  'container to host by its uplink, wherry': inContainer(WHERRY, outside, 5400),
  'container to host by its uplink, podman': inContainer('podman', outside, 5400),
};
const wanted = Object.entries(subjects).filter(([name]) => hasPodman || !name.includes('podman'));
const figures = new Map<string, number[]>(wanted.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, measure] of wanted) figures.get(name)?.push(measure());
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const lines = [...figures].map(([name, values]) => {
  const all = values.map((value) => value.toFixed(1)).join(' ');
  return `| ${name} | ${median(values).toFixed(1)} | ${all} |`;
});
const note = hasPodman ? '' : '\nNot beside podman, which runs no container on this machine.\n';
const text = ['| iperf3, one stream | median Gbit/s | all |', '| --- | --- | --- |', ...lines, ''].join('\n');
console.log(text);
writeFileSync(path.join(import.meta.dirname, 'results/network.md'), `# Networks\n\n${text}${note}`);
