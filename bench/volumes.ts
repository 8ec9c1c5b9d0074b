/**
 * How fast a container writes into a volume, into a directory of the host, and into its own root, beside the same program
 * on the host: `bench/volumes.ts [ROUNDS]`, run as an ordinary user with the program in $WHERRY, after a build.
 * The same dd writes in each place, in interleaved rounds, and says itself how long that took.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

const IMAGE = 'localhost:5000/debian:bookworm';
const MEBIBYTES = 256;
const SMALL_FILES = 2000;

const wherry = process.env.WHERRY ?? path.join(import.meta.dirname, '../bin/wherry');
const root = process.env.WHERRY_ROOT ?? path.join(process.env.HOME ?? '/', '.local/share/wherry');
const rounds = Number(process.argv[2] ?? 9);

/** Prints the seconds that it took: one large file, and many small ones. */
const LARGE = `dd if=/dev/zero of="$0/large" bs=1M count=${MEBIBYTES} conv=fsync 2>&1 | sed -n "s/.*copied, \\([0-9.e-]*\\) s.*/\\1/p"; rm "$0/large"`;
const SMALL = `mkdir "$0/s"; a=$(date +%s%N); i=0; while [ $i -lt ${SMALL_FILES} ]; do echo content >"$0/s/$i"; i=$((i+1)); done; b=$(date +%s%N); rm -r "$0/s"; echo $(((b-a)/1000)) | sed "s/......$/.&/; s/^[.]/0./"`;

function seconds(command: readonly string[]): number {
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  const value = Number(stdout.trim());
  if (status !== 0 || !(value > 0)) throw new Error(`${command.join(' ')}: ${status} ${stdout}${stderr}`);
  return value;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function compare(title: string, script: string, host: string, amount: (seconds: number) => string): void {
  const container = (...flags: string[]) => [wherry, 'run', '--rm', '--network', 'none', ...flags, IMAGE];
  const subjects: Readonly<Record<string, readonly string[]>> = {
    'the host': ['sh', '-c', script, host],
    'a volume': [...container('-v', 'bench-volume:/d'), 'sh', '-c', script, '/d'],
    'a directory of the host': [...container('-v', `${host}:/d`), 'sh', '-c', script, '/d'],
    "the container's root": [...container(), 'sh', '-c', script, '/root'],
  };
  const taken = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, command] of Object.entries(subjects)) {
      const value = seconds(command);
      if (round > 0) taken.get(name)?.push(value);
    }
  }
  const best = (values: readonly number[] = []) => Math.min(...values);
  const base = best(taken.get('the host'));
  process.stdout.write(
    `\n${title}, of ${rounds} rounds\n\n| | best | median | best, of the host's time |\n| --- | --- | --- | --- |\n`,
  );
  for (const [name, values] of taken) {
    const ratio = ((best(values) / base) * 100).toFixed(1);
    process.stdout.write(`| ${name} | ${amount(best(values))} | ${amount(median(values))} | ${ratio}% |\n`);
  }
}

execFileSync(wherry, ['pull', '-q', IMAGE], { stdio: 'ignore' });
// On the file system that the volumes are on.
const host = mkdtempSync(path.join(root, 'bench-'));
try {
  compare(
    `One file of ${MEBIBYTES} MiB with fsync`,
    LARGE,
    host,
    (value) => `${(MEBIBYTES / value).toFixed(0)} MiB/s`,
  );
  compare(
    `${SMALL_FILES} small files by a shell`,
    SMALL,
    host,
    (value) => `${(SMALL_FILES / value).toFixed(0)} files/s`,
  );
} finally {
  rmSync(host, { recursive: true, force: true });
  execFileSync(wherry, ['volume', 'rm', '-f', 'bench-volume'], { stdio: 'ignore' });
}
