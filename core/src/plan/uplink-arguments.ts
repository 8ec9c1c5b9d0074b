import type { Helper, PortMapping } from '../plugin/contract.ts';
import { checkAddress, checkPort } from './address.ts';
import { demand } from './refusal.ts';

/** How a program that gives a namespace its uplink may be called: what isn't here is refused. */
interface Usage {
  /** Long options without a value. */
  readonly flags: readonly string[];
  /** Long options with a value, and what the value must be; `undefined` for any. */
  readonly values: Readonly<Record<string, readonly string[] | undefined>>;
  /** What must be said, as the program's own choice would open the host to the container, or the other way round. */
  readonly demanded: readonly string[];
  /** Words that are no options. */
  readonly words: RegExp;
}

const ANY = undefined;

/** pasta(1), less what writes files, runs commands, and leads to the host's loopback. */
const PASTA: Usage = {
  flags: [
    ...[
      '--foreground',
      '--quiet',
      '--config-net',
      '--ipv4-only',
      '--ipv6-only',
      '--no-map-gw',
      '--no-netns-quit',
    ],
    ...['--no-tcp', '--no-udp', '--no-icmp', '--no-dhcp', '--no-ndp', '--no-dhcpv6', '--no-ra'],
  ],
  values: {
    ...{ '--mtu': ANY, '--ns-ifname': ANY, '--address': ANY, '--netmask': ANY, '--gateway': ANY },
    ...{ '--interface': ANY, '--outbound': ANY, '--mac-addr': ANY, '--dns-forward': ANY },
    ...{ '--tcp-ports': ANY, '--udp-ports': ANY, '--tcp-ns': ['none'], '--udp-ns': ['none'] },
    ...{ '--pid': ['{ready-path}'], '--netns': ['{netns}'] },
  },
  demanded: ['--no-map-gw', '--tcp-ports', '--udp-ports', '--tcp-ns', '--udp-ns', '--netns'],
  words: /^$/,
};

/** slirp4netns(1), less its API socket and what leads to the host's loopback. */
const SLIRP4NETNS: Usage = {
  flags: [
    ...['--configure', '--enable-ipv6', '--disable-host-loopback', '--disable-dns'],
    ...['--enable-sandbox', '--enable-seccomp'],
  ],
  values: {
    ...{ '--mtu': ANY, '--cidr': ANY, '--macaddress': ANY, '--outbound-addr': ANY, '--outbound-addr6': ANY },
    ...{ '--ready-fd': ['{ready-fd}'], '--netns-type': ['path', 'pid'] },
  },
  demanded: ['--disable-host-loopback'],
  words: /^(?:\{netns\}|\{pid\}|[a-z][a-z0-9]{0,14})$/,
};

/** Each option with its value, in its long form; words that are none have no value. */
function* optionsOf(words: readonly string[], usage: Usage): Generator<readonly [string, string?]> {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    if (equals > 0) yield [word.slice(0, equals), word.slice(equals + 1)];
    else if (Object.hasOwn(usage.values, word)) {
      i += 1;
      yield [word, words[i] ?? ''];
    } else yield [word];
  }
}

function checkUsage({ program, arguments: words }: Helper, usage: Usage): void {
  const seen = new Set<string>();
  for (const [name, value] of optionsOf(words, usage)) {
    seen.add(name);
    const shown = JSON.stringify(value === undefined ? name : `${name}=${value}`);
    if (value === undefined) {
      const known = usage.flags.includes(name) || (!name.startsWith('-') && usage.words.test(name));
      demand(known, `${program} may not be given ${shown}`);
      continue;
    }
    demand(Object.hasOwn(usage.values, name), `${program} may not be given ${shown}`);
    const allowed = usage.values[name];
    demand(allowed === undefined || allowed.includes(value), `${program} may not be given ${shown}`);
  }
  for (const name of usage.demanded) demand(seen.has(name), `${program} must be given ${name}`);
}

/** A port of the host that pasta listens on. */
export type HelperPort = Pick<PortMapping, 'protocol' | 'hostIp' | 'hostPort' | 'containerPort'>;

/** `8080:80` or `8080-8090:80-90`, with a host address before a slash; several with commas. */
function portsOf(protocol: 'tcp' | 'udp', spec: string, hostIp: string): readonly HelperPort[] {
  if (spec === 'none') return [];
  const slash = spec.lastIndexOf('/');
  const address = slash < 0 ? hostIp : spec.slice(0, slash);
  if (slash >= 0) checkAddress(address);
  return spec
    .slice(slash + 1)
    .split(',')
    .flatMap((range) => {
      const match = /^(\d{1,5})(?:-(\d{1,5}))?:(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
      demand(
        match !== null,
        `${JSON.stringify(spec)} isn't ports of the host and of the container for pasta`,
      );
      const [first, last, to, toLast] = [match[1], match[2] ?? match[1], match[3], match[4] ?? match[3]].map(
        Number,
      ) as [number, number, number, number];
      for (const port of [first, last, to, toLast]) checkPort(port);
      demand(last >= first && last - first === toLast - to, `the ranges of ${range} have different lengths`);
      return Array.from({ length: last - first + 1 }, (_, i) => ({
        protocol,
        hostIp: address,
        hostPort: first + i,
        containerPort: to + i,
      }));
    });
}

/** Ports of the host that a helper is to listen on: pasta is the one that does. @throws Refusal */
export function helperPorts({ program, arguments: words }: Helper): readonly HelperPort[] {
  if (program !== 'pasta') return [];
  // Without IPv6, all addresses are all of IPv4.
  const all = words.includes('--ipv4-only') ? '0.0.0.0' : '';
  return [...optionsOf(words, PASTA)].flatMap(([name, value = 'none']) => {
    if (name === '--tcp-ports') return portsOf('tcp', value, all);
    return name === '--udp-ports' ? portsOf('udp', value, all) : [];
  });
}

/**
 * Checks how an uplink is called: a program that may be started can do more than give a container its network.
 * @throws Refusal for what isn't known to be harmless. Other programs are not looked into.
 */
export function checkUplinkArguments(helper: Helper): void {
  if (helper.program === 'pasta') checkUsage(helper, PASTA);
  if (helper.program === 'slirp4netns') checkUsage(helper, SLIRP4NETNS);
}

/** @throws Refusal for a port, or an address, of the host that the user didn't ask for */
export function checkPublished(port: HelperPort, asked: readonly PortMapping[]): void {
  const { protocol, hostIp, hostPort, containerPort } = port;
  const known = asked.some(
    (each) =>
      each.protocol === protocol &&
      each.hostPort === hostPort &&
      each.containerPort === containerPort &&
      (each.hostIp === '' || each.hostIp === hostIp),
  );
  demand(known, `${hostIp || '*'}:${hostPort} for ${containerPort}/${protocol} was not asked for`);
}
