import { chmodSync, closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { SettingOperation } from '../../core/src/program/operation.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };

const file = (bench: Bench, change: Partial<Extract<SettingOperation, { op: 'log-file' }>>) =>
  ({
    op: 'log-file',
    path: bench.path('container/log'),
    framing: 'docker-json',
    maxSize: undefined,
    maxFiles: 1,
    ...change,
  }) as const;

const texts = (log: string): string[] =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).log);

describe.skipIf(obstacle !== undefined)(`logs${reason}`, () => {
  test('a line is byte for byte what Docker writes', async () => {
    using bench = new Bench(owner);
    await bench.run(
      ['cat'],
      { stdin: 'once' },
      Buffer.from(
        '"\\<&>\t\r\x01\x7fé€😀\u2028|\xff|\xed\xa0\x80|\n'.replace(/[\xff\xed\xa0\x80]/g, (c) => c),
        'utf8',
      ),
    );
    const line = bench.read('container/log').replace(/"time":"[^"]+"/, '"time":"T"');
    expect(line).toBe(
      `{"log":"\\"\\\\\\u003c\\u0026\\u003e\\u0009\\r\\u0001\x7fé€😀\\u2028|ÿ|í\u00a0\u0080|\\n","stream":"stdout","time":"T"}\n`,
    );
  });

  test('invalid UTF-8 becomes one replacement a byte, as Go’s encoder has it', async () => {
    using bench = new Bench(owner);
    await bench.run(
      ['cat'],
      { stdin: 'once' },
      Buffer.from([0xff, 0x61, 0xed, 0xa0, 0x80, 0xc0, 0x80, 0xe2, 0x82, 0x0a]),
    );
    expect(bench.read('container/log')).toMatch(
      /^\{"log":"\\ufffda\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\n","stream":"stdout","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"\}\n$/,
    );
  });

  test('long lines come in parts of 16 KiB with one time, the last with the newline', async () => {
    using bench = new Bench(owner);
    const bytes = `${'x'.repeat(40_000)}\nshort\n${'y'.repeat(16_384)}\nunfinished`;
    await bench.run(['cat'], { stdin: 'once' }, bytes);
    const log = bench.read('container/log');
    expect(texts(log).map((text) => text.length)).toEqual([16_384, 16_384, 7_233, 6, 16_384, 1, 10]);
    expect(texts(log).join('')).toBe(bytes);
    const times = log.split('\n').map((line) => /"time":"([^"]+)"/.exec(line)?.[1]);
    expect(new Set(times.slice(0, 3)).size).toBe(1);
  });

  test('attributes, the framing of Kubernetes, and none', async () => {
    using bench = new Bench(owner);
    const script = ['sh', '-c', 'echo out; echo err >&2'];
    await bench.run(['echo', 'x'], { settings: [file(bench, { attributes: '{"tag":"t"}' })] });
    expect(bench.read('container/log')).toMatch(
      /^\{"log":"x\\n","stream":"stdout","attrs":\{"tag":"t"\},"time":"/,
    );
    await bench.run(script, {
      settings: [file(bench, { framing: 'cri', path: bench.path('container/cri') })],
    });
    expect(
      bench
        .read('container/cri')
        .split('\n')
        .sort()
        .slice(1)
        .map((line) => line.slice(line.indexOf(' ') + 1)),
    ).toEqual(expect.arrayContaining(['stdout F out', 'stderr F err']));
    await bench.run(
      ['cat'],
      { stdin: 'once', settings: [file(bench, { framing: 'raw', path: bench.path('container/raw') })] },
      'a\0b',
    );
    expect(bench.read('container/raw')).toBe('a\0b');
  });

  test('files are rotated between lines, and the oldest goes', async () => {
    using bench = new Bench(owner);
    await bench.run(['seq', '10000', '11000'], { settings: [file(bench, { maxSize: 20_000, maxFiles: 3 })] });
    const parts = ['log.2', 'log.1', 'log'].map((name) => bench.read(`container/${name}`));
    const numbers = parts.flatMap(texts).map(Number);
    expect(numbers.at(-1)).toBe(11_000);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
    for (const part of parts.slice(0, 2)) expect(part.length).toBeGreaterThanOrEqual(20_000);
    expect(() => bench.read('container/log.3')).toThrow();
  });

  test('with one file it is another one after a rotation, so that who has it open reads it to its end', async () => {
    using bench = new Bench(owner);
    bench.write('container/log', '{"log":"old\\n"}\n');
    const fd = openSync(bench.path('container/log'), 'r');
    await bench.run(['seq', '10000', '10100'], { settings: [file(bench, { maxSize: 1000, maxFiles: 1 })] });
    const old = readFileSync(fd, 'utf8');
    closeSync(fd);
    expect(texts(old).slice(0, 2)).toEqual(['old\n', '10000\n']);
    const numbers = texts(bench.read('container/log')).map(Number);
    expect(numbers.at(-1)).toBe(10_100);
    expect(numbers[0]).toBeGreaterThan(10_000);
    expect(bench.read('container/log').length).toBeLessThan(1200);
    expect(readdirSync(bench.path('container')).filter((name) => name.startsWith('log'))).toEqual(['log']);
  });

  test('what a monitor that was killed left of a line, or a record, is taken away', async () => {
    using bench = new Bench(owner);
    bench.write('container/log', '{"log":"whole\\n"}\n{"log":"to');
    await bench.run(['echo', 'next'], { settings: [file(bench, {})] });
    expect(texts(bench.read('container/log'))).toEqual(['whole\n', 'next\n']);
    const record = (text: string): string =>
      `\0\0\0${String.fromCharCode(text.length)}${text}\0\0\0${String.fromCharCode(text.length)}`;
    for (const torn of ['\0', '\0\0\0\x09half', `${record('full')}\0\0\0\x05`]) {
      bench.write('container/binary', `${record('one')}${record('two!')}${torn}`);
      const settings = [file(bench, { framing: 'binary', path: bench.path('container/binary') })];
      await bench.run(['echo', 'next'], { settings });
      const log = readFileSync(bench.path('container/binary'), 'latin1');
      const kept = `${record('one')}${record('two!')}${torn.includes('full') ? record('full') : ''}`;
      expect(log.slice(0, kept.length)).toBe(kept);
      expect(log.length).toBeGreaterThan(kept.length);
      expect(log.charCodeAt(kept.length + 3)).toBe(log.length - kept.length - 8);
    }
  });

  test('what is sent is kept as well where both are asked for, each line once, also when it had to wait', async () => {
    using bench = new Bench(owner);
    const address = bench.path('receiver');
    let received = '';
    let connection: Socket | undefined;
    const server = createServer((socket) => {
      connection = socket;
      socket.pause();
      socket.on('data', (bytes) => (received += bytes));
    });
    await new Promise<void>((resolve) => server.listen(address, resolve));
    chmodSync(address, 0o777);
    const parts = { number: 0, subsecond: false, head: Buffer.alloc(0), fields: Buffer.alloc(0), pace: {} };
    const socket = { op: 'log-socket', address: `unix:${address}`, framing: 'raw', parts } as const;
    const how = { nonBlocking: false, buffer: 4096, required: true };
    const cri = file(bench, { framing: 'cri', path: bench.path('container/cri') });
    const running = bench.run(['seq', '1000000', '1100000'], { settings: [cri, { ...socket, ...how }] });
    await expect.poll(() => bench.read('container/cri').length, { timeout: 20_000 }).toBeGreaterThan(5000);
    connection?.resume();
    await running;
    server.close();
    const wanted = Array.from({ length: 100_001 }, (_, index) => `${1_000_000 + index}\n`).join('');
    await expect.poll(() => received === wanted, { timeout: 20_000 }).toBe(true);
    expect(bench.read('container/cri').replaceAll(/^\S+ stdout F /gm, '') === wanted).toBe(true);
  });

  test('a full disk drops lines whole, says so, and the container goes on', async () => {
    using bench = new Bench(owner);
    const program = bench.program(['sh', '-c', 'seq 100000; echo done >&2; exit 3']);
    const child = bench.command(['prlimit', '--fsize=1000000', bench.launcher, 'run', program]);
    const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
      let text = '';
      child.stdout?.resume();
      child.stderr?.on('data', (data: Buffer) => (text += data));
      child.on('close', (code) => resolve({ status: code, stderr: text }));
    });
    expect([status, stderr]).toEqual([3, 'done\n']);
    expect(bench.read('container/log').length).toBeGreaterThan(900_000);
    expect(() => texts(bench.read('container/log'))).not.toThrow();
    expect(bench.read('container/log-error')).toMatch(/^27 \d+ /);
  });
});
