/**
 * A million lines logged and read back, beside podman, as the user who runs this: `node bench/logs.ts WHERRY IMAGE`. Prints the
 * seconds of each, the least of three, and whether every line came back.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

const LINES = 1_000_000;
const ROUNDS = 3;
const [wherry = 'wherry', image = 'localhost:5000/busybox'] = process.argv.slice(2);

interface Figures {
  readonly log: number;
  readonly read: number;
}

/** Seconds for a container that writes the lines, and for reading them. @throws Error when a line is missing */
function measure(command: string, options: readonly string[]): Figures {
  const name = `bench-logs-${randomBytes(4).toString('hex')}`;
  const run = (...words: readonly string[]): Buffer =>
    execFileSync(command, words, { maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
  const began = performance.now();
  run('run', '-d', '--name', name, '--network', 'none', ...options, image, 'seq', String(LINES));
  run('wait', name);
  const logged = performance.now();
  const text = run('logs', name).toString();
  const done = performance.now();
  run('rm', name);
  const lines = text.trimEnd().split('\n');
  const missing = lines.length !== LINES || lines.some((line, index) => line !== String(index + 1));
  if (missing) throw new Error(`${command} gave ${lines.length} lines back`);
  return { log: (logged - began) / 1000, read: (done - logged) / 1000 };
}

const subjects: readonly (readonly [name: string, command: string, options: readonly string[]])[] = [
  ['wherry json-file', wherry, []],
  ['wherry local', wherry, ['--log-driver', 'local']],
  ['podman k8s-file', 'podman', ['--log-driver', 'k8s-file', '--tls-verify=false']],
];
for (const [name, command, options] of subjects) {
  try {
    const figures = Array.from({ length: ROUNDS }, () => measure(command, options));
    const least = (key: keyof Figures) => Math.min(...figures.map((one) => one[key])).toFixed(2);
    console.log(`${name.padEnd(18)} log ${least('log')} s   read ${least('read')} s`);
  } catch (error) {
    console.log(`${name.padEnd(18)} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
