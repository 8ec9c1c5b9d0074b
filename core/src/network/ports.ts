import { EXIT, WherryError } from '../errors/error.ts';
import { isIP } from '../plan/ip.ts';
import type { PublishedPort } from './request.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

const invalid = (text: string, why: string): WherryError =>
  new WherryError(`invalid port specification ${JSON.stringify(text)}: ${why}.`, {
    code: 'E_PORT',
    hint: 'A port is published as [[ADDRESS:]HOST-PORT:]CONTAINER-PORT[/tcp|/udp], with ranges as 8000-8010.',
    exitCode: EXIT.engine,
  });

function parseRange(text: string, whole: string): Range {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last > 65535)
    throw invalid(whole, `${text || 'nothing'} is no port or range of ports`);
  if (last < first) throw invalid(whole, `the range ${text} ends before it begins`);
  return { first, last };
}

/** A forwarder of bytes would join messages together and mix streams (RFC 9260); few kernels have it loaded for ordinary users. */
const NO_SCTP =
  'what carries ports here has no notion of its messages and streams; between containers of a network, and with --network host, it goes';

function parseProtocol(text: string | undefined, whole: string): 'tcp' | 'udp' {
  const protocol = (text ?? 'tcp').toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  if (protocol !== 'sctp') throw invalid(whole, `${protocol} is no protocol of ports: there are tcp and udp`);
  throw invalid(whole, `sctp can't be published: ${NO_SCTP}`);
}

/** Splits `[[ip:][host]:]container`; an IPv6 address stands in brackets. */
function splitParts(text: string, whole: string): { ip: string; host: string; container: string } {
  const bracket = /^\[([^\]]*)\]:(.*)$/.exec(text);
  const parts = (bracket?.[2] ?? text).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const ip = bracket?.[1] ?? parts.join(':');
  if (bracket !== null && parts.length > 0) throw invalid(whole, 'it has too many colons');
  if (ip !== '' && isIP(ip) === 0) throw invalid(whole, `${ip} is no IP address`);
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
  const inside = parseRange(container, whole);
  if (inside.first === 0) throw invalid(whole, '0 is no port of a container');
  const count = inside.last - inside.first + 1;
  const ports = Array.from({ length: count }, (_, i) => inside.first + i);
  const base = { protocol, hostIp: ip === '0.0.0.0' ? '0.0.0.0' : ip };
  if (host === '') return ports.map((containerPort) => ({ ...base, hostPort: 0, containerPort }));
  const outside = parseRange(host, whole);
  const available = outside.last - outside.first + 1;
  if (count === 1 && available > 1) {
    return [{ ...base, hostPort: outside.first, hostPortEnd: outside.last, containerPort: inside.first }];
  }
  if (available !== count) {
    throw invalid(whole, `the ranges ${host} and ${container} have different lengths`);
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
  const [text = '', protocol = 'tcp', ...more] = whole.split('/');
  if (more.length > 0 || !/^(?:tcp|udp|sctp)$/i.test(protocol)) {
    throw invalid(whole, 'it is no port with tcp, udp or sctp');
  }
  const { first, last } = parseRange(text, whole);
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol.toLowerCase()}`);
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
