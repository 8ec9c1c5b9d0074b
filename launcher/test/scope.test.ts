import { Buffer } from 'node:buffer';
import { chmodSync, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Bench } from './support.ts';
import { obstacle, rangeUser } from './users.ts';

const reason = obstacle === undefined ? '' : ` (${obstacle})`;
const owner = rangeUser ?? { name: '', uid: 0, gid: 0, range: undefined };

/** A manager of units that answers each call with the error `words`, or goes away when there are none. */
async function manager(path: string, words: string | undefined, calls: Buffer[]): Promise<Server> {
  const server = createServer((socket) => {
    let authenticated = false;
    socket.on('data', (data: Buffer) => {
      if (!authenticated) {
        authenticated = true;
        expect(data.toString('latin1')).toBe('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
        socket.write('DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n');
        return;
      }
      calls.push(data);
      if (words === undefined) socket.destroy();
      else socket.write(Buffer.concat([message(4, 'a signal'), message(3, words)]));
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  chmodSync(path, 0o666);
  return server;
}

/** A message without header fields whose body is a string (D-Bus Specification, "Message Format"). */
function message(type: number, words: string): Buffer {
  const body = Buffer.alloc(4 + words.length + 1);
  body.writeUInt32LE(words.length);
  body.write(words, 4);
  const head = Buffer.alloc(16);
  head.write('l');
  head[1] = type;
  head[3] = 1;
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(7, 8);
  return Buffer.concat([head, body]);
}

describe.skipIf(obstacle !== undefined)(`a scope of systemd${reason}`, () => {
  const started = async (words: string | undefined) => {
    using bench = new Bench(owner);
    const socket = bench.path('private');
    const calls: Buffer[] = [];
    const server = words === 'nobody' ? undefined : await manager(socket, words, calls);
    const unit = 'wherry-1.scope';
    const result = await bench.run(['true'], {
      settings: [{ op: 'scope', socket, unit, mount: '/sys/fs/cgroup', group: 'box', partOf: 'web.service' }],
    });
    server?.close();
    expect(existsSync(bench.path('container/started'))).toBe(false);
    return { ...result, calls };
  };

  test('is asked for by a whole message, and refused in the manager’s words', async () => {
    const { status, stderr, calls } = await started('Unit wherry-1.scope already exists.');
    expect(status).toBe(125);
    expect(stderr).toContain('gives the container no cgroup: Unit wherry-1.scope already exists.');
    const call = Buffer.concat(calls);
    const fields = call.readUInt32LE(12);
    expect(call.length).toBe(16 + Math.ceil(fields / 8) * 8 + call.readUInt32LE(4));
    const text = call.toString('latin1');
    for (const word of ['StartTransientUnit', 'wherry-1.scope', 'PIDs', 'Delegate', 'PartOf', 'web.service'])
      expect(text).toContain(`${word}\0`);
    expect(text).not.toContain('Slice\0');
  });

  test('is missed in one sentence when the manager goes away, and when nobody is there', async () => {
    expect(await started(undefined)).toMatchObject({ status: 125 });
    const { status, stderr } = await started('nobody');
    expect(status).toBe(125);
    expect(stderr).toContain("systemd's user manager can't be asked for a cgroup: No such file or directory");
  });
});
