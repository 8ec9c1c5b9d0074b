import { refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';
import { isIP } from '../plan/ip.ts';
import type { PublishedPort } from './request.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

const CODE = 'E_PORT';
const HINT =
  'A port is published as [[ADDRESS:]HOST-PORT:]CONTAINER-PORT[/tcp|/udp], with ranges as 8000-8010.';

/** What Docker's client says of a port that it can't read. */
const unreadable = (sentence: string): WherryError => refusedFlags(sentence, HINT, CODE);

/** What can be read and can't be had. */
const invalid = (text: string, why: string): WherryError =>
  new WherryError(`invalid port specification ${JSON.stringify(text)}: ${why}.`, { code: CODE, hint: HINT });

/** Undefined for what is no port or range of ports. */
function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  return match === null || last > 65535 || last < first ? undefined : { first, last };
}

/** A forwarder of bytes would join messages together and mix streams (RFC 9260); few kernels have it loaded for ordinary users. */
const NO_SCTP =
  'what carries ports here has no notion of its messages and streams; between containers of a network, and with --network host, it goes';

function parseProtocol(text: string | undefined, whole: string): 'tcp' | 'udp' {
  const protocol = (text ?? 'tcp').toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  if (protocol === 'sctp') throw invalid(whole, `sctp can't be published: ${NO_SCTP}`);
  throw unreadable(`invalid proto: ${text}`);
}

/** Splits `[[ip:][host]:]container`; an IPv6 address stands in brackets. */
function splitParts(text: string, whole: string): { ip: string; host: string; container: string } {
  const bracket = /^\[([^\]]*)\]:(.*)$/.exec(text);
  const parts = (bracket?.[2] ?? text).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const ip = bracket?.[1] ?? parts.join(':');
  if (bracket !== null && parts.length > 0) throw invalid(whole, 'it has too many colons');
  if (ip !== '' && isIP(ip) === 0) throw unreadable(`invalid IP address: ${ip}`);
  return { ip, host, container };
}

/**
 * Reads one `-p`.
 * @throws WherryError `E_PORT`
 */
export function parsePublish(whole: string): readonly PublishedPort[] {
  const [text = '', protocolText, ...more] = whole.split('/');
  if (more.length > 0) throw invalid(whole, 'it has more than one slash');
  const protocol = parseProtocol(protocolText, whole);
  const { ip, host, container } = splitParts(text, whole);
  if (container === '') throw unreadable(`no port specified: ${whole}<empty>`);
  const inside = parseRange(container);
  if (inside === undefined) throw unreadable(`invalid containerPort: ${container}`);
  if (inside.first === 0) throw invalid(whole, '0 is no port of a container');
  const count = inside.last - inside.first + 1;
  const ports = Array.from({ length: count }, (_, i) => inside.first + i);
  const base = { protocol, hostIp: ip === '0.0.0.0' ? '0.0.0.0' : ip };
  if (host === '') return ports.map((containerPort) => ({ ...base, hostPort: 0, containerPort }));
  const outside = parseRange(host);
  if (outside === undefined) throw unreadable(`invalid hostPort: ${host}`);
  const available = outside.last - outside.first + 1;
  if (count === 1 && available > 1) {
    return [{ ...base, hostPort: outside.first, hostPortEnd: outside.last, containerPort: inside.first }];
  }
  if (available !== count) {
    throw unreadable(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  return ports.map((containerPort, i) => ({
    ...base,
    hostPort: outside.first === 0 ? 0 : outside.first + i,
    containerPort,
  }));
}

/**
 * Reads one `--expose`, or an entry of an image's `ExposedPorts`, into `80/tcp` each.
 * @throws WherryError `E_PORT`
 */
export function parseExposed(whole: string): readonly string[] {
  if (whole.includes(':')) throw unreadable(`invalid port format for --expose: ${whole}`);
  const [text = '', protocol = 'tcp', ...more] = whole.split('/');
  const range = parseRange(text);
  if (range === undefined)
    throw unreadable(`invalid range format for --expose: ${whole}, error: ${rangeFault(text)}`);
  if (more.length > 0 || !/^(?:tcp|udp|sctp)$/i.test(protocol)) {
    throw invalid(whole, 'it is no port with tcp, udp or sctp');
  }
  const { first, last } = range;
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol.toLowerCase()}`);
}

/** Why it is no range, as Go's parser says it. */
function rangeFault(text: string): string {
  if (text === '') return 'empty string specified for ports';
  const parts = text.split('-', 2);
  const wrong = parts.find((part) => !/^\d+$/.test(part));
  const large = parts.find((part) => Number(part) > 65535);
  const parsing = (part: string) => `strconv.ParseUint: parsing ${JSON.stringify(part)}`;
  if (wrong !== undefined) return `${parsing(wrong)}: invalid syntax`;
  if (large !== undefined) return `${parsing(large)}: value out of range`;
  return `invalid range specified for port: ${text}`;
}

/** Of exposed ports, those that `-P` leaves out, as a warning; empty when there are none. */
export function unpublishable(publishAll: boolean, exposed: readonly string[]): readonly string[] {
  const left = publishAll ? exposed.filter((port) => port.endsWith('/sctp')) : [];
  return left.length === 0 ? [] : [`-P leaves out ${left.join(', ')}: ${NO_SCTP}.`];
}

/** What `-p` and `-P` come to: each port once, as given first. */
export function publishedPorts(
  publish: readonly string[],
  publishAll: boolean,
  exposed: readonly string[],
): readonly PublishedPort[] {
  const ports = publish.flatMap(parsePublish);
  const given = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const all = publishAll ? exposed.filter((port) => !given.has(port) && !port.endsWith('/sctp')) : [];
  return [...ports, ...all.flatMap(parsePublish)];
}
