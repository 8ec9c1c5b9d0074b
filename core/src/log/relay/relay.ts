import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, rootCertificates, type TLSSocket } from 'node:tls';
import { getSystemErrorMap } from 'node:util';
import { awaitMonitor } from '../beside.ts';
import { LossNote } from '../loss.ts';
import type { RelayConfig } from './config.ts';
import { RelayQueue } from './queue.ts';

/** Messages that are kept while there is no connection, in bytes. */
const KEPT = 1024 * 1024;
const CONNECT_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 30_000;
/** How long what is left is tried to be sent when the container has ended, as the launcher does for its own sockets. */
const LAST_WORDS_MS = 2000;

/**
 * Connects to the server, listens for the monitor, and passes on what it says until it goes. `ready` is called once when it
 * listens. One that takes another's place listens at once, as the monitor has messages for it.
 * @throws Error with a sentence when there is no server that is trusted, or a file can't be read
 */
export async function relay(config: RelayConfig, ready: () => void): Promise<void> {
  let server: TLSSocket | undefined = config.tells ? await connectTo(config) : undefined;
  const monitor = await awaitMonitor(config.socket, ready);
  if (monitor === undefined) return;
  const queue = new RelayQueue(KEPT);
  const loss = new LossNote(config.directory);
  let ended = false;
  const flush = (): void => {
    while (server !== undefined) {
      const bytes = queue.take();
      if (bytes === undefined) return void monitor.resume();
      // Who is slow slows the monitor down, whose buffer and mode are the user's.
      if (!server.write(bytes)) return void monitor.pause();
    }
  };
  const keep = async (): Promise<void> => {
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(LAST_DELAY_MS, delay * 2)) {
      if (server !== undefined) {
        server.on('drain', flush);
        flush();
        delay = FIRST_DELAY_MS;
        lost = await closed(server);
        server = undefined;
        queue.broken();
        // Without a connection all is taken and the oldest dropped, so that the monitor's end is seen.
        monitor.resume();
      }
      if (queue.dropped > 0) loss.set(queue.dropped, reasonOf(lost));
      await pause(delay);
      server = await connectTo(config).catch((error: NodeJS.ErrnoException) => {
        lost = error.code ?? 'ECONNRESET';
        return undefined;
      });
    }
  };
  let lost = 'EPIPE';
  const end = new Promise<void>((resolve) => {
    monitor.on('error', () => undefined);
    monitor.on('end', () => resolve());
    monitor.on('close', () => resolve());
    monitor.on('data', (bytes: Buffer) => {
      queue.push(bytes);
      if (server !== undefined && !server.writableNeedDrain) flush();
    });
  });
  void keep();
  await end;
  for (const until = Date.now() + LAST_WORDS_MS; !ended && Date.now() < until; await pause(20)) {
    if (server !== undefined && !server.writableNeedDrain) flush();
    ended = queue.empty && server !== undefined;
  }
  if (server !== undefined && ended) await lastWords(server);
  while (queue.take() !== undefined);
  if (queue.dropped > 0) loss.set(queue.dropped, reasonOf(lost));
  loss.end();
}

function lastWords(server: TLSSocket): Promise<unknown> {
  const done = new Promise<void>((resolve) => server.end(() => resolve()));
  return Promise.race([done, pause(LAST_WORDS_MS)]);
}

function connectTo(config: RelayConfig): Promise<TLSSocket> {
  const { host, port, ca, cert, key, authorities, skipVerify } = config;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? systemAuthorities(authorities) : { ca: readFileSync(ca) }),
      ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
      ...(key === undefined ? {} : { key: readFileSync(key) }),
      rejectUnauthorized: !skipVerify,
    });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('there is no answer')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      socket.on('error', () => undefined);
      // What a server says is of no interest, but that it goes is.
      socket.resume();
      resolve(socket);
    });
  });
}

/** Resolves with the reason's code. */
function closed(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let code = 'EPIPE';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? code;
    });
    socket.once('close', () => resolve(code));
  });
}

/** As with NODE_EXTRA_CA_CERTS, which Node.js reads from the environment alone. */
function systemAuthorities(file: string | undefined): { ca?: (string | Buffer)[] } {
  return file === undefined ? {} : { ca: [...rootCertificates, readFileSync(file)] };
}

/** `ECONNRESET: connection reset by peer`; the code alone where the system knows none. */
function reasonOf(code: string): string {
  const errno = constants.errno[code as keyof typeof constants.errno];
  const known = errno === undefined ? undefined : getSystemErrorMap().get(-errno);
  return known === undefined ? code : `${code}: ${known[1]}`;
}
