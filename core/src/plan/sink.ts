import type { FileSink, Framing, KeyValue, Location, Sink, SocketSink } from '../plugin/contract.ts';
import { checkSize } from './file-operations.ts';
import type { Grants } from './grants.ts';
import { isIP } from './ip.ts';
import { checkLocation, checkPath } from './location.ts';
import { demand } from './refusal.ts';

/** Log files in the container's directory, beside which the core's own files lie: they end in `.log`. */
const LOG_FILE = /^[A-Za-z0-9][A-Za-z0-9_.-]*\.log$/;

/** The same with what rotation puts behind the name. */
const ROTATED = /\.log(?:\.\d+)?(?:\.gz)?$/;

/** Checks a file in which a log is read. */
export function checkLogFile(at: Location, grants: Grants): void {
  checkPath(at.path);
  if (at.root === 'container') {
    const bare = at.path.replace(ROTATED, '.log');
    demand(LOG_FILE.test(bare), `container:${at.path} is no log file`);
  } else checkLocation('log', at, 'source', grants);
}

/** Checks where a log driver sends a container's output, and how. `framings` are those the launcher can write. */
export function checkSink(sink: Sink, grants: Grants, framings: readonly Framing[]): void {
  switch (sink.tag) {
    case 'none':
    case 'driver':
      return;
    case 'file':
      checkFileSink(sink.val, grants, framings);
      return;
    case 'socket':
      checkSocketSink(sink.val, grants, framings);
      return;
  }
}

function checkFileSink(sink: FileSink, grants: Grants, framings: readonly Framing[]): void {
  checkPath(sink.at.path);
  if (sink.at.root === 'container') {
    demand(
      LOG_FILE.test(sink.at.path),
      `container:${sink.at.path} is no log file; one lies in container: itself, with a name that ends in .log`,
    );
  } else checkLocation('log', sink.at, 'change', grants);
  checkFraming(sink.framing, framings);
  checkSize(sink.maxSize);
  demand(
    Number.isInteger(sink.maxFiles) && sink.maxFiles >= 1 && sink.maxFiles <= 1000,
    `${sink.maxFiles} is no number of log files (1 to 1000)`,
  );
  checkAttributes(sink.attributes);
}

function checkSocketSink(sink: SocketSink, grants: Grants, framings: readonly Framing[]): void {
  checkSocketAddress(sink.address);
  demand(
    grants.addresses.includes('*') || grants.addresses.includes(sink.address),
    `to connect to ${sink.address} was not granted to it`,
  );
  checkFraming(sink.framing, framings);
  checkAttributes(sink.attributes);
}

/** `unix:/path`, `unixgram:/path`, or `udp:`, `tcp:`, `tls:` with host and port. */
function checkSocketAddress(address: string): void {
  const what = `${JSON.stringify(address)} is no address of a sink`;
  const [, scheme = '', rest = ''] = /^([a-z]+):([\x21-\x7e]+)$/.exec(address) ?? [];
  if (scheme === 'unix' || scheme === 'unixgram') {
    demand(rest.startsWith('/'), what);
    checkPath(rest.slice(1));
    demand(Buffer.byteLength(rest) < 108, `the socket's path in ${address} is longer than 107 bytes`);
    return;
  }
  demand(['udp', 'tcp', 'tls'].includes(scheme), what);
  const colon = rest.lastIndexOf(':');
  const host = rest.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = rest.slice(colon + 1);
  demand(colon > 0 && (isIP(host) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(host)), what);
  demand(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535, what);
}

function checkFraming(framing: Framing, framings: readonly Framing[]): void {
  demand(
    framings.includes(framing),
    `the framing ${framing} isn't one that this version writes (${framings.join(', ')})`,
  );
}

function checkAttributes(attributes: readonly KeyValue[]): void {
  const size = attributes.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  demand(size <= 16 * 1024, 'the attributes of its log are larger than 16 KiB');
  demand(
    attributes.every(({ key, value }) => !key.includes('\0') && !value.includes('\0')),
    'an attribute of its log has a NUL byte',
  );
}
