import type { PortMapping } from './types.ts';

/** Longest value of an option; the launcher takes arguments of up to a kilobyte. */
const MOST = 800;

/** Consecutive ports of the host that lead to as many consecutive ones inside. */
class PortRange {
  hostIp!: string;
  host!: i32;
  to!: i32;
  count!: i32;
}

function rangesOf(ports: PortMapping[], protocol: string): PortRange[] {
  const ranges: PortRange[] = [];
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i];
    if (port.protocol !== protocol) continue;
    const last = ranges.length - 1;
    if (
      last >= 0 &&
      ranges[last].hostIp === port.hostIp &&
      ranges[last].host + ranges[last].count === port.hostPort &&
      ranges[last].to + ranges[last].count === port.containerPort
    ) {
      ranges[last].count++;
      continue;
    }
    const range = new PortRange();
    range.hostIp = port.hostIp;
    range.host = port.hostPort;
    range.to = port.containerPort;
    range.count = 1;
    ranges.push(range);
  }
  return ranges;
}

function textOf(range: PortRange): string {
  if (range.count === 1) return `${range.host.toString()}:${range.to.toString()}`;
  const hostLast = range.host + range.count - 1;
  const toLast = range.to + range.count - 1;
  return `${range.host.toString()}-${hostLast.toString()}:${range.to.toString()}-${toLast.toString()}`;
}

function optionsFor(name: string, ports: PortMapping[], protocol: string): string[] {
  const ranges = rangesOf(ports, protocol);
  const words: string[] = [];
  let value = '';
  let hostIp = '';
  for (let i = 0; i < ranges.length; i++) {
    const range = ranges[i];
    if (value !== '' && range.hostIp === hostIp && value.length < MOST) {
      value = `${value},${textOf(range)}`;
      continue;
    }
    if (value !== '') words.push(`${name}=${value}`);
    hostIp = range.hostIp;
    value = hostIp === '' ? textOf(range) : `${hostIp}/${textOf(range)}`;
  }
  words.push(value === '' ? `${name}=none` : `${name}=${value}`);
  return words;
}

/** The options by which pasta(1) listens on ports of the host, and on no others. */
export function pastaPorts(ports: PortMapping[]): string[] {
  const words = optionsFor('--tcp-ports', ports, 'tcp');
  const udp = optionsFor('--udp-ports', ports, 'udp');
  for (let i = 0; i < udp.length; i++) words.push(udp[i]);
  return words;
}
