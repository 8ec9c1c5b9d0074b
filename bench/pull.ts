/**
 * Pulls into a cold store from the registry of this machine, beside podman, a newer one where there is one (newer-podman.ts), and skopeo,
 * in interleaved rounds: `node bench/pull.ts [ROUNDS] [--now]`, as root, once npm test has installed the product. Each sample has a store
 * of its own, and all are removed at the end: for minutes after a removal of thousands of files, ext4 makes new ones several times as
 * slowly, whoever makes them, and that would be measured. So the bench begins by letting the disk forget, unless told `--now`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_REPOSITORY, benchImage } from '../test/fixtures/bench-image.ts';
import { REGISTRY, startRegistry } from '../test/machine/registry.ts';
import { push } from '../test/support/push.ts';
import { newerPodman } from './newer-podman.ts';
import { median } from './report.ts';
import type { Account } from './sample.ts';

const [rounds = '3'] = process.argv.slice(2).filter((word) => word !== '--now');
const ROUNDS = Number(rounds);
/** ext4 passes over an inode for so long after its file was removed (recently_deleted() in fs/ext4/ialloc.c: 60 s, and 300 s more while that is not on the disk). */
const FORGETS_MS = 360_000;
const NAME = `wuser${process.env.WHERRY_TEST_LANE ?? ''}`;
const SAMPLE_MS = 30;

interface Sample {
  readonly seconds: number;
  /** Seconds of both processors. */
  readonly cpu: number;
  /** Most bytes that all processes of the user together held at one moment. */
  readonly memory: number;
}

const images = {
  'Debian, 1 layer, 61 MB compressed, 170 MB unpacked': 'debian:bookworm',
  '500 MB in 11 layers, 43,000 files': `${BENCH_REPOSITORY}:latest`,
  'twenty small layers': 'features:latest',
};

function account(): Account & { readonly home: string } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${NAME}:`));
  if (line === undefined) throw new Error(`There is no user ${NAME}: run test/machine/setup.sh first.`);
  const [, , uid, gid, , home = '/'] = line.split(':');
  const env = {
    HOME: home,
    USER: NAME,
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: `/run/user/${uid}`,
  };
  return { uid: Number(uid), gid: Number(gid), env, home };
}

const user = account();
const wherry = path.join(user.home, 'wherry-under-test/node_modules/.bin/wherry');
const work = mkdtempSync(path.join(user.home, 'pull-bench-'));
chownSync(work, user.uid, user.gid);
let stores = 0;

const newer = newerPodman(user);
const podmanPull = (image: string, store: string) => [
  ...['--root', store, '--runroot', `${store}-run`, '--storage-driver', 'overlay'],
  ...['pull', '-q', '--tls-verify=false', image],
];

/** A command line and its environment, for a store that has never been used. */
const subjects: Readonly<Record<string, (image: string, store: string) => readonly string[]>> = {
  wherry: (image, store) => ['env', `WHERRY_ROOT=${store}`, wherry, 'pull', '-q', image],
  podman: (image, store) => ['podman', ...podmanPull(image, store)],
  ...(newer && { [newer.version]: (image, store) => newer.command(podmanPull(image, store)) }),
  'skopeo (fetches, unpacks nothing)': (image, store) => [
    ...['skopeo', 'copy', '-q', '--src-tls-verify=false'],
    `docker://${image}`,
    `oci:${store}:x`,
  ],
};

/** Resident bytes of all processes of the user: what they share is counted for each of them. */
function resident(): number {
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (statSync(`/proc/${pid}`).uid !== user.uid) continue;
      sum += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
    } catch {
      // It has ended since.
    }
  }
  return sum;
}

async function measure(argv: readonly string[], asRoot: boolean): Promise<Sample> {
  const before = resident();
  let memory = 0;
  const began = performance.now();
  const child: ChildProcess = spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash', ...argv], {
    ...(asRoot ? {} : { uid: user.uid, gid: user.gid }),
    ...{ env: { ...user.env }, cwd: user.home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr?.on('data', (data) => {
    words += data;
  });
  const timer = setInterval(() => {
    memory = Math.max(memory, resident() - before);
  }, SAMPLE_MS);
  const [status] = (await once(child, 'close')) as [number | null];
  const seconds = (performance.now() - began) / 1000;
  clearInterval(timer);
  const times = /([\d.]+) ([\d.]+)\s*$/.exec(words);
  if (status !== 0 || times === null) throw new Error(`${argv.join(' ')} ended with ${status}: ${words}`);
  return { seconds, cpu: Number(times[1]) + Number(times[2]), memory };
}

function table(title: string, samples: ReadonlyMap<string, readonly Sample[]>): string {
  const peer = median((samples.get('podman') ?? []).map(({ seconds }) => seconds));
  const rows = [...samples].map(([subject, all]) => {
    const seconds = all.map((each) => each.seconds);
    const cells = [
      Math.min(...seconds).toFixed(2),
      median(seconds).toFixed(2),
      (median(seconds) / peer).toFixed(2),
      median(all.map(({ cpu }) => cpu)).toFixed(2),
      Math.round(Math.max(...all.map(({ memory }) => memory)) / 1e6),
    ];
    return `| ${subject} | ${cells.join(' | ')} |`;
  });
  return [
    `### ${title}`,
    '',
    '| | min s | median s | × podman | CPU s | peak MB |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n');
}

await startRegistry();
await push(benchImage(), REGISTRY, BENCH_REPOSITORY);
const podman = execFileSync('podman', ['--version']).toString().trim();
const lines = [
  '# Pulls',
  '',
  `Linux ${os.release()}, ${os.cpus().length} cores, ${podman}, load ${os.loadavg()[0]?.toFixed(1)} at the start.`,
  'Read the ratios; all were taken in interleaved rounds, each with a store of its own, on a disk from which nothing had been removed for',
  'six minutes: on ext4, new files take several times as long until then.',
  '',
];
try {
  if (!process.argv.includes('--now')) {
    console.log('Waits six minutes for the disk to forget removed files.');
    await delay(FORGETS_MS);
  }
  for (const [title, image] of Object.entries(images)) {
    const samples = new Map<string, Sample[]>(Object.keys(subjects).map((name) => [name, []]));
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [name, command] of Object.entries(subjects)) {
        stores += 1;
        const argv = command(`${REGISTRY}/${image}`, path.join(work, `store-${stores}`));
        const sample = await measure(argv, name === newer?.version);
        // The first round warms up.
        if (round > 0) samples.get(name)?.push(sample);
      }
    }
    lines.push(table(title, samples));
    console.log(lines.at(-1));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
mkdirSync(path.join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(path.join(import.meta.dirname, 'results/pull.md'), lines.join('\n'));
