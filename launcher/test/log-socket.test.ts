import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { SendingPace, SettingOperation } from '../../core/src/program/operation.ts';
import { finished } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };
const POLL = { timeout: 20_000 };

type SocketLog = Extract<SettingOperation, { op: 'log-socket' }>;

/** Somebody who listens at a socket of this machine. */
class Receiver {
  readonly connections: Socket[] = [];
  readonly texts: string[] = [];
  readonly #path: string;
  #server: Server | undefined;

  constructor(bench: Bench) {
    this.#path = bench.path('receiver');
  }

  async listen(onConnection: (socket: Socket, number: number) => void = () => undefined): Promise<void> {
    const server = createServer((socket) => {
      const number = this.connections.push(socket) - 1;
      this.texts[number] = '';
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        this.texts[number] += bytes.toString('latin1');
      });
      onConnection(socket, number);
    });
    await new Promise<void>((resolve) => server.listen(this.#path, resolve));
    chmodSync(this.#path, 0o777);
    this.#server = server;
  }

  leave(): void {
    this.#server?.close();
    for (const each of this.connections) each.destroy();
    rmSync(this.#path, { force: true });
  }

  log(pace: SendingPace, change: Partial<SocketLog> = {}): SocketLog {
    const parts = { number: 0, subsecond: false, head: Buffer.from([0xa0]), fields: Buffer.alloc(0), pace };
    const address = `unix:${this.#path}`;
    return {
      ...{ op: 'log-socket', address, framing: 'raw', nonBlocking: false, buffer: 4096, required: false },
      parts,
      ...change,
    };
  }
}

const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('');

describe.skipIf(obstacle !== undefined)(`logs that are sent${reason}`, () => {
  test('a container waits for a receiver that has gone, where it should, and nothing is lost', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    await receiver.listen();
    const settings = [receiver.log({ holds: true, retryWait: 20 }, { required: true })];
    const argv = ['sh', '-c', 'read go; seq 20000'];
    const running = bench.spawn(['run', bench.program(argv, { stdin: 'once', settings })]);
    const result = finished(running);
    await expect.poll(() => receiver.connections.length, POLL).toBe(1);
    receiver.leave();
    running.stdin?.end('go\n');
    await bench.fact('started');
    // Much more than the buffer and the pipe hold: it can't be through.
    expect(existsSync(bench.path('container/exited'))).toBe(false);
    await receiver.listen();
    expect((await result).status).toBe(0);
    await expect.poll(() => receiver.texts.at(-1), POLL).toBe(numbers(20_000));
    expect(existsSync(bench.path('container/log-error'))).toBe(false);
    receiver.leave();
  });

  test('after so many tries what waits is dropped and counted, and the container goes on', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    const settings = [receiver.log({ holds: true, retryWait: 5, maxRetries: 2 })];
    expect((await bench.run(['seq', '20000'], { settings })).status).toBe(0);
    const [, dropped] = bench.read('container/log-error').split(' ');
    expect(Number(dropped)).toBe(numbers(20_000).length - 20_000);
  });

  test('no more messages wait than should', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    const settings = [receiver.log({ messages: 10, retryWait: 60_000 }, { nonBlocking: true })];
    const running = bench.spawn([
      'run',
      bench.program(['sh', '-c', 'seq 100; read x'], { stdin: 'once', settings }),
    ]);
    const result = finished(running);
    // 90 lines: 11 to 99 with two digits, and 100. Those that wait are dropped at the end only.
    await bench.fact('log-error', / 1(?:80|81) /);
    running.stdin?.end();
    await result;
    expect(Number(bench.read('container/log-error').split(' ')[1])).toBe(numbers(100).length - 100);
  });

  test('a receiver that takes nothing is left after a while, for another connection', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    await receiver.listen((socket, number) => {
      if (number === 0) socket.pause();
    });
    const settings = [receiver.log({ holds: true, writeTimeout: 150, retryWait: 5 }, { required: true })];
    expect((await bench.run(['seq', '200000'], { settings })).status).toBe(0);
    await expect.poll(() => receiver.texts[1]?.endsWith('\n200000\n'), POLL).toBe(true);
    const [first = ''] = receiver.texts[1]?.split('\n') ?? [];
    // It begins with a whole message.
    expect(numbers(200_000).endsWith(receiver.texts[1] ?? 'nothing')).toBe(true);
    expect(Number(first)).toBeGreaterThan(1);
    receiver.leave();
  });

  test('a connection that works is made anew, where that is asked for, without a loss', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    await receiver.listen();
    const settings = [receiver.log({ renewal: 1 }, { required: true })];
    const script = 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo $i; sleep 0.01; done';
    expect((await bench.run(['sh', '-c', script], { settings })).status).toBe(0);
    await expect.poll(() => receiver.texts.join(''), POLL).toBe(numbers(50));
    expect(receiver.connections.length).toBeGreaterThan(2);
    receiver.leave();
  });

  test('a message that isn’t acknowledged is sent again', async () => {
    using bench = new Bench(owner);
    const receiver = new Receiver(bench);
    const ids: string[] = [];
    await receiver.listen((socket, number) => {
      socket.on('data', (bytes) => {
        const [id = ''] = bytes.toString('latin1').match(/[0-9a-f]{16}$/) ?? [];
        ids.push(id);
        // {"ack": id}, in two pieces.
        const answer = Buffer.from(`\x81\xa3ack\xb0${id}`, 'latin1');
        if (number === 0) return void socket.destroy();
        socket.write(answer.subarray(0, 9), () => socket.write(answer.subarray(9)));
      });
    });
    const settings = [
      receiver.log({ acknowledged: true, retryWait: 5 }, { framing: 'fluentd', required: true }),
    ];
    expect((await bench.run(['seq', '5'], { settings })).status).toBe(0);
    expect(receiver.texts[1]).toContain(receiver.texts[0] ?? 'nothing');
    const lines = receiver.texts[1]?.split('\xa3log\xdb\0\0\0\x01').slice(1);
    expect(lines?.map((line) => line[0])).toEqual(['1', '2', '3', '4', '5']);
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(5);
    expect(existsSync(bench.path('container/log-error'))).toBe(false);
    receiver.leave();
  });
});
