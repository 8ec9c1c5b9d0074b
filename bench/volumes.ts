/**
 * How fast a container writes into a volume, into a directory of the host and into its own root, beside the same programs on the
 * host, on the same file system: `node bench/volumes.ts [ROUNDS]`, as root, after the end-to-end tests have installed the product.
 *
 * One container stays for all of it, and what writes says itself how long that took, so that no start is in a figure. A round writes
 * a few times in each place and keeps the least, its order turned round every other time, and does so once more on the host. A
 * figure is the median of the rounds' own ratios to the host: what the machine does meanwhile falls on both of a pair. All of it runs
 * before other programs (nice(1)), on the host and in the container alike. The host's ratio to itself says how far that helps.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { account, REGISTRY, WHERRY } from './peers.ts';
import { median } from './report.ts';

const IMAGE = `${REGISTRY}/debian:bookworm`;
const MEBIBYTES = 16;
const SMALL_FILES = 300;
/** How often something is written in each place of a round. */
const TIMES = 12;
const rounds = Number(process.argv[2] ?? 12);

/** Prints the nanoseconds that each time took; `$0` is where it writes. */
const TIMED = (work: string, after: string): string =>
  `n=0; while [ $n -lt ${TIMES} ]; do a=$(date +%s%N); ${work}; b=$(date +%s%N); ${after}; echo $((b-a)); n=$((n+1)); done`;
const WORKS = {
  large: {
    title: `One file of ${MEBIBYTES} MiB, with fsync`,
    unit: 'MiB/s',
    amount: MEBIBYTES,
    script: TIMED(
      `dd if=/dev/zero of="$0/large" bs=1M count=${MEBIBYTES} conv=fsync status=none`,
      'rm "$0/large"',
    ),
  },
  rewritten: {
    title: `${MEBIBYTES} MiB over a file that is there, with fsync`,
    unit: 'MiB/s',
    amount: MEBIBYTES,
    script: `test -e "$0/there" || dd if=/dev/zero of="$0/there" bs=1M count=${MEBIBYTES} conv=fsync status=none; ${TIMED(
      `dd if=/dev/zero of="$0/there" bs=1M count=${MEBIBYTES} conv=fsync,notrunc status=none`,
      ':',
    )}`,
  },
  small: {
    title: `${SMALL_FILES} small files, by a shell`,
    unit: 'files/s',
    amount: SMALL_FILES,
    script: TIMED(
      `mkdir "$0/s"; i=0; while [ $i -lt ${SMALL_FILES} ]; do echo content >"$0/s/$i"; i=$((i+1)); done`,
      'rm -r "$0/s"',
    ),
  },
} as const;
type Work = (typeof WORKS)[keyof typeof WORKS];

const home = account();
const work = path.join(home.env.HOME ?? '/', 'wherry-bench/volumes');
const root = path.join(work, 'state');
const env: Readonly<Record<string, string>> = { ...home.env, WHERRY_ROOT: root };
const user = { ...home, env };
const host = path.join(work, 'host');

function as(file: string, ...args: readonly string[]): string {
  const { uid, gid } = user;
  const drop = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'];
  const { status, stdout, stderr } = spawnSync('nice', ['-n', '-19', ...drop, file, ...args], {
    env,
    cwd: env.HOME,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${status} ${stderr}`);
  return stdout.trim();
}

const inside = (script: string, where: string): string =>
  as(WHERRY, 'exec', 'bench', 'sh', '-c', script, where);

/** Where something is written; the first one is what the others are compared with. */
const PLACES: Readonly<Record<string, (script: string) => string>> = {
  'the host': (script) => as('sh', '-c', script, host),
  'the host, again': (script) => as('sh', '-c', script, host),
  'a volume': (script) => inside(script, '/volume'),
  'a directory of the host': (script) => inside(script, '/directory'),
  "the container's root": (script) => inside(script, '/root'),
};

/** The least seconds by place, round by round. */
function measure({ script }: Work): Readonly<Record<string, readonly number[]>> {
  const names = Object.keys(PLACES);
  const taken: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const times = PLACES[name]?.(script).split('\n').map(Number) ?? [];
      const seconds = Math.min(...times) / 1e9;
      if (!(seconds > 0)) throw new Error(`${name} took ${seconds} s`);
      // The first round fills caches.
      if (round > 0) taken[name]?.push(seconds);
    }
  }
  return taken;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? Number.NaN;
}

function table({ title, unit, amount }: Work, taken: Readonly<Record<string, readonly number[]>>): string {
  const base = taken['the host'] ?? [];
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;
  const rows = Object.entries(taken).map(([name, values]) => {
    const ratios = values.map((value, round) => (base[round] ?? Number.NaN) / value);
    const speeds = [Math.min(...values), median(values)].map((value) => (amount / value).toFixed(0));
    const best = Math.min(...base) / Math.min(...values);
    const spread = `${percent(quantile(ratios, 0.25))} to ${percent(quantile(ratios, 0.75))}`;
    return `| ${name} | ${speeds.join(' | ')} | ${percent(median(ratios))} | ${spread} | ${percent(best)} |`;
  });
  return [
    `### ${title}`,
    '',
    `| | best ${unit} | median ${unit} | speed, of the host's in the same round: median | its quartiles | best, of the host's best |`,
    '| --- | ---: | ---: | ---: | --- | ---: |',
    ...rows,
    '',
  ].join('\n');
}

rmSync(work, { recursive: true, force: true });
for (const directory of [host, root]) mkdirSync(directory, { recursive: true });
execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, work]);
const volume = ['-v', 'bench:/volume', '-v', `${host}:/directory`];
as(WHERRY, 'run', '-d', '-q', '--name', 'bench', '--network', 'none', ...volume, IMAGE, 'sleep', '86400');
const filesystem = as('stat', '-f', '-c', '%T', host);
const load = os.loadavg()[0]?.toFixed(1);
const report = [
  '# Writing into volumes',
  '',
  `${filesystem}, Linux ${os.release()}, ${os.cpus().length} cores, load ${load} at the start, ${rounds} rounds (\`bench/volumes.ts\`).`,
  'The host against itself shows what the machine’s other work does to a figure.',
  '',
];
const raw: Record<string, ReturnType<typeof measure>> = {};
try {
  for (const [name, each] of Object.entries(WORKS)) {
    const taken = measure(each);
    raw[name] = taken;
    report.push(table(each, taken));
    console.log(report.at(-1));
  }
} finally {
  as(WHERRY, 'rm', '-f', 'bench');
  as(WHERRY, 'volume', 'rm', 'bench');
  as(WHERRY, 'rmi', IMAGE);
  rmSync(work, { recursive: true, force: true });
}
const out = path.join(import.meta.dirname, 'results');
writeFileSync(path.join(out, 'volumes.md'), report.join('\n'));
writeFileSync(path.join(out, 'volumes.json'), `${JSON.stringify(raw)}\n`);
