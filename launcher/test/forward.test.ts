import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { finished, output } from './process.ts';
import { Bench } from './support.ts';
import { obstacle, user } from './users.ts';

const owner = user ?? { name: '', uid: 0, gid: 0, range: undefined };
const MEBIBYTE = 1024 * 1024;

/** Answers with what it gets, for as long as it gets something; a process a connection. */
const ECHO = `
  $| = 1; $SIG{CHLD} = "IGNORE";
  my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 7, Listen => 128) or die $!;
  print "ready\\n";
  while (my $c = $s->accept) {
    if (fork == 0) {
      while (sysread($c, my $b, 65536)) { for (my $at = 0; $at < length $b;) { $at += syswrite($c, $b, 65536, $at) or exit } }
      exit;
    }
    close $c;
  }`;

/** Runs the work with a port of the host that leads to an echo inside a container. */
async function forwarded(work: (port: number, monitor: number) => Promise<void>): Promise<void> {
  using bench = new Bench(owner);
  const program = bench.program(['sleep', '1000'], {
    prepare: [
      {
        do: {
          op: 'forward',
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort: 0,
          containerIp: '127.0.0.1',
          containerPort: 7,
        },
      },
      { do: { op: 'attendant', runtime: bench.directory, directory: bench.directory } },
    ],
    container: [{ op: 'network-ready' }],
  });
  const running = bench.spawn(['run', program]);
  const [monitor, , , inside = ''] = (await bench.fact('started')).split(' ');
  const enter = ['nsenter', '-t', inside, '-U', '--preserve-credentials', '-n'];
  const echo = bench.command([...enter, 'perl', '-MIO::Socket::INET', '-e', ECHO]);
  await output(echo, /ready/);
  const [, , port] = bench.read('container/ports').split(' ');
  try {
    await work(Number(port), Number(monitor));
  } finally {
    echo.kill('SIGKILL');
    process.kill(Number(monitor), 'SIGKILL');
    await finished(running);
  }
}

function attendantOf(monitor: number): number {
  const children = readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8').trim().split(' ');
  const found = children.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'wherry-ports\n');
  return Number(found);
}

async function connect(port: number): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function rest(socket: Socket): Promise<Buffer> {
  return Buffer.concat(await socket.toArray());
}

describe.skipIf(obstacle !== undefined)('a forwarded port', () => {
  test('carries many connections at once, each its own bytes, to the end of each half', async () => {
    await forwarded(async (port) => {
      await Promise.all(
        Array.from({ length: 40 }, async () => {
          const sent = randomBytes(MEBIBYTE);
          const socket = await connect(port);
          // The answer ends only after the question has: its end came through, and shut one half alone.
          socket.end(sent);
          expect((await rest(socket)).equals(sent)).toBe(true);
        }),
      );
    });
  });

  test('holds back who is not read from, and no other; drops what was reset', async () => {
    await forwarded(async (port) => {
      // More than all buffers between take: both directions come to stand.
      const sent = randomBytes(16 * MEBIBYTE);
      const stopped = await Promise.all(Array.from({ length: 12 }, () => connect(port)));
      for (const socket of stopped) socket.pause().end(sent);
      const echoes = async (): Promise<boolean> => {
        const socket = await connect(port);
        const question = randomBytes(MEBIBYTE);
        socket.end(question);
        return (await rest(socket)).equals(question);
      };
      expect(await echoes()).toBe(true);
      for (const socket of stopped.slice(2)) socket.resetAndDestroy();
      expect(await Promise.all([echoes(), echoes(), echoes()])).toEqual([true, true, true]);
      for (const socket of stopped.slice(0, 2)) expect((await rest(socket)).equals(sent)).toBe(true);
    });
  });

  test('is carried on when the process that carries it is killed, once and again', async () => {
    await forwarded(async (port, monitor) => {
      for (let round = 0; round < 2; round += 1) {
        const broken = await connect(port);
        // Before it is through, nothing is lost.
        broken.write('x');
        await once(broken, 'data');
        process.kill(attendantOf(monitor), 'SIGKILL');
        // It ends, or is reset.
        await rest(broken).catch(() => undefined);
        broken.destroy();
        const socket = await connect(port);
        socket.end('still there');
        expect((await rest(socket)).toString()).toBe('still there');
      }
    });
  });
});
