import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { gunzipSync, inflateSync } from 'node:zlib';

/** Somebody who listens for what a log driver sends. */
export interface Receiver extends AsyncDisposable {
  /** As a log driver takes it: `udp://…`, `tcp://…`, `unix://…`. */
  readonly address: string;
  /** The bytes of each datagram, or all bytes of each connection so far. */
  readonly received: readonly Buffer[];
}

/** Waits until what was received reads as wanted. @throws Error after a minute */
export async function until<T>(read: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 60_000; ; ) {
    const value = read();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error('what was expected has not come within a minute');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Datagrams at a free port of this machine. */
export async function udpReceiver(): Promise<Receiver> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  const received: Buffer[] = [];
  socket.on('message', (bytes) => received.push(bytes));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  return {
    address: `udp://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Connections at a free port, or at a path. */
export async function streamReceiver(path?: string): Promise<Receiver> {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    const index = received.push(Buffer.alloc(0)) - 1;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received[index] = Buffer.concat([received[index] ?? Buffer.alloc(0), bytes]);
    });
  });
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  if (path !== undefined) chmodSync(path, 0o777);
  return { address: addressOf(server, path), received, [Symbol.asyncDispose]: () => closed(server) };
}

function addressOf(server: Server, path: string | undefined): string {
  const bound = server.address();
  if (path !== undefined || bound === null || typeof bound === 'string') return `unix://${path}`;
  return `tcp://127.0.0.1:${bound.port}`;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Connections by TLS at a free port, and the file with the certificate to trust. `directory` is for its files. */
export async function tlsReceiver(directory: string): Promise<Receiver & { readonly authority: string }> {
  const authority = join(directory, 'authority.pem');
  const key = join(directory, 'authority.key');
  const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', authority], { stdio: 'ignore' });
  chmodSync(authority, 0o644);
  const received: Buffer[] = [];
  const server = createTlsServer({ cert: readFileSync(authority), key: readFileSync(key) }, (socket) => {
    const index = received.push(Buffer.alloc(0)) - 1;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received[index] = Buffer.concat([received[index] ?? Buffer.alloc(0), bytes]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = addressOf(server, undefined).replace('tcp:', 'tcp+tls:');
  return { address, received, authority, [Symbol.asyncDispose]: () => closed(server) };
}

export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  readonly host: string;
  readonly application: string;
  readonly process: number;
  readonly text: string;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
/** RFC 3164, 4.1: the day without a leading zero, a blank in its place. */
const RFC3164 = new RegExp(
  `^<(\\d{1,3})>${MONTH} (?: \\d|[12]\\d|3[01]) \\d\\d:\\d\\d:\\d\\d (?:([\\x21-\\x7e]+) )?([^\\s[\\]:]{1,255})\\[(\\d+)\\]: (.*)$`,
  's',
);
/** RFC 5424, 6: at most six digits of a second's fraction, printable ASCII in the header, no structured data here. */
const RFC5424 =
  /^<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) [\x21-\x7e]{1,32} - (.*)$/s;

/** Parses a message strictly. @throws Error for one that the RFC doesn't have */
export function parseSyslog(form: 'rfc3164' | 'rfc5424', message: string): SyslogMessage {
  const match = (form === 'rfc3164' ? RFC3164 : RFC5424).exec(message);
  if (match === null) throw new Error(`not a message of ${form}: ${JSON.stringify(message)}`);
  const [, priority, host = '', application = '', process, text = ''] = match;
  const number = Number(priority);
  if (number > 191) throw new Error(`priority ${number} is none`);
  return {
    facility: number >> 3,
    severity: number & 7,
    host,
    application,
    process: Number(process),
    text,
  };
}

const GELF_MAGIC = 0x1e0f;

/** Puts GELF's chunks together and unpacks what is packed. @throws Error for chunks that don't fit */
export function parseGelf(datagrams: readonly Buffer[]): Record<string, unknown>[] {
  const chunked = new Map<string, { count: number; parts: Map<number, Buffer> }>();
  const messages: Buffer[] = [];
  for (const datagram of datagrams) {
    if (datagram.readUInt16BE(0) !== GELF_MAGIC) {
      messages.push(datagram);
      continue;
    }
    const id = datagram.toString('hex', 2, 10);
    const [number = 0, count = 0] = [datagram[10], datagram[11]];
    if (count < 2 || count > 128 || number >= count) throw new Error(`chunk ${number} of ${count}`);
    const message = chunked.get(id) ?? { count, parts: new Map<number, Buffer>() };
    if (message.count !== count || message.parts.has(number)) throw new Error(`chunk ${number} twice`);
    message.parts.set(number, datagram.subarray(12));
    chunked.set(id, message);
    if (message.parts.size === count) {
      const sorted = [...message.parts].sort(([a], [b]) => a - b);
      messages.push(Buffer.concat(sorted.map(([, bytes]) => bytes)));
    }
  }
  return messages.map((bytes) => JSON.parse(unpacked(bytes).toString()) as Record<string, unknown>);
}

/** How a datagram is packed, by its first bytes. */
export function packingOf(bytes: Buffer): 'gzip' | 'zlib' | 'none' {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  return bytes[0] === 0x78 && bytes.readUInt16BE(0) % 31 === 0 ? 'zlib' : 'none';
}

function unpacked(bytes: Buffer): Buffer {
  const packing = packingOf(bytes);
  if (packing === 'none') return bytes;
  return packing === 'gzip' ? gunzipSync(bytes) : inflateSync(bytes);
}

/** Values of MessagePack as the forward protocol has them, one after the other; an unfinished one at the end is left. */
export function parseMessagePack(bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  let at = 0;
  const need = (count: number): number => {
    if (at + count > bytes.length) throw new RangeError('unfinished');
    at += count;
    return at - count;
  };
  const text = (length: number): string => bytes.toString('utf8', need(length), at);
  const list = (length: number): unknown[] => Array.from({ length }, () => value());
  const map = (length: number): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length }, () => [String(value()), value()]));
  const value = (): unknown => {
    const kind = bytes[need(1)] ?? 0;
    if (kind < 0x80) return kind;
    if (kind < 0x90) return map(kind & 15);
    if (kind < 0xa0) return list(kind & 15);
    if (kind < 0xc0) return text(kind & 31);
    if (kind === 0xce) return bytes.readUInt32BE(need(4));
    // EventTime: extension 0 of eight bytes.
    if (kind === 0xd7) {
      if (bytes[need(1)] !== 0) throw new Error('an extension that is no time');
      const seconds = bytes.readUInt32BE(need(4));
      return { seconds, nanoseconds: bytes.readUInt32BE(need(4)) };
    }
    if (kind === 0xd9) return text(bytes[need(1)] ?? 0);
    if (kind === 0xda) return text(bytes.readUInt16BE(need(2)));
    if (kind === 0xdb) return text(bytes.readUInt32BE(need(4)));
    if (kind === 0xde) return map(bytes.readUInt16BE(need(2)));
    throw new Error(`0x${kind.toString(16)} is not in the forward protocol`);
  };
  try {
    while (at < bytes.length) values.push(value());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return values;
}
