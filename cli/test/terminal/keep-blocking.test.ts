import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MODULE = join(import.meta.dirname, '../../src/terminal/keep-blocking.ts');
const O_NONBLOCK = 0o4000;

/** Closes a child's pipes, as any command with a worker does, and answers with the flags of its pipes. */
const CLOSE = `
  import { readFileSync, writeSync } from 'node:fs';
  import { spawn } from 'node:child_process';
  await new Promise((resolve) => spawn('true').on('close', resolve));
  const flags = [1, 2].map((fd) => /flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1]);
  writeSync(1, flags.join(' '));
`;

/** A shell gives it pipes, where Node.js would give it sockets; killed, it can't put anything right at its end. */
function flagsAfter(script: string): { readonly nonBlocking: readonly boolean[]; readonly stderr: string } {
  const line = '{ "$1" --input-type=module -e "$2" 2>&1 >&3 | cat >&2; } 3>&1 | cat';
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', line, 'sh', process.execPath, `${script}\nprocess.kill(process.pid, 9);`],
    { encoding: 'utf8' },
  );
  const [one = '', two = ''] = stdout.split(' ');
  return {
    nonBlocking: [one, two].map((octal) => (Number.parseInt(octal, 8) & O_NONBLOCK) !== 0),
    stderr,
  };
}

it('keeps Node.js from making a pipe non-blocking that it shares with others', () => {
  // What it is for: without it, closing them does so.
  expect(flagsAfter(CLOSE).nonBlocking).toEqual([false, true]);
  const kept = `import { keepBlocking } from ${JSON.stringify(MODULE)};\nkeepBlocking();\n${CLOSE}`;
  expect(flagsAfter(kept).nonBlocking).toEqual([false, false]);
});

it('still writes what is sent to the streams', () => {
  const script = `import { keepBlocking } from ${JSON.stringify(MODULE)};\nkeepBlocking();\n${CLOSE}
    console.error('to stderr'); process.stdout.write('');`;
  const { nonBlocking, stderr } = flagsAfter(script);
  expect(nonBlocking).toEqual([false, false]);
  // The shell says after it that it was killed.
  expect(stderr).toMatch(/^to stderr\n/);
});
