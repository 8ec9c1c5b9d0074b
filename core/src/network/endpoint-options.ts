import { WherryError } from '../errors/error.ts';
import type { NetworkOperation } from '../program/operation.ts';
import type { EndpointRow, NetworkRow } from './table.ts';

/** The options of an endpoint that Wherry has, by Docker's names. The core sees to them, whatever the driver. */
const INTERFACE_NAME = 'com.docker.network.endpoint.ifname';
const SYSCTLS = 'com.docker.network.endpoint.sysctls';
/** Of a network. */
const INTERFACE_PREFIX = 'com.docker.network.container_iface_prefix';

interface Sysctl {
  /** Below `net`, with IFNAME in the place of the interface. */
  readonly key: string;
  readonly value: string;
}

const refuse = (message: string, hint: string): WherryError =>
  new WherryError(message, { code: 'E_NETWORK_FLAG', hint });

/**
 * Looks at options of an endpoint.
 * @param options `key=value`, as the user gave them
 * @throws WherryError `E_NETWORK_FLAG`
 */
export function checkDriverOptions(options: readonly string[]): readonly string[] {
  for (const option of options) {
    const [key, value] = split(option);
    if (value === undefined) {
      throw refuse(`invalid driver option ${JSON.stringify(option)}.`, 'Write it as KEY=VALUE.');
    }
    if (key === INTERFACE_NAME) checkName(value);
    else if (key === SYSCTLS) parseSysctls(value);
    else {
      throw refuse(
        `a container's place in a network has no option ${JSON.stringify(key)}.`,
        `There are ${INTERFACE_NAME} and ${SYSCTLS}.`,
      );
    }
  }
  return options;
}

function split(option: string): readonly [key: string, value: string | undefined] {
  const equals = option.indexOf('=');
  return equals < 1 ? [option, undefined] : [option.slice(0, equals), option.slice(equals + 1)];
}

/** dev_valid_name() of Linux, and what shells and resolvers take. */
function checkName(name: string): void {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,14}$/.test(name) && name !== 'lo') return;
  throw refuse(
    `invalid name of an interface ${JSON.stringify(name)}.`,
    'It has up to 15 letters, digits, hyphens and underscores, and begins with a letter.',
  );
}

/** `net.ipv4.conf.IFNAME.log_martians=1,net.ipv6…`: settings of this interface alone. */
function parseSysctls(text: string): readonly Sysctl[] {
  return text.split(',').map((each) => {
    const match = /^net\.((?:ipv4|ipv6|mpls)\.(?:conf|neigh)\.IFNAME\.[a-z0-9_]+)=([^\s=]+)$/.exec(
      each.trim(),
    );
    const [, key, value] = match ?? [];
    if (key !== undefined && value !== undefined) return { key, value };
    throw refuse(
      `unrecognised network interface sysctl ${JSON.stringify(each)}.`,
      'Write net.ipv4.conf.IFNAME.KEY=VALUE, with IFNAME for the interface; ipv6, mpls and neigh go too.',
    );
  });
}

function optionOf(
  { driverOptions = [] }: Pick<EndpointRow, 'driverOptions'>,
  wanted: string,
): string | undefined {
  return driverOptions.map(split).findLast(([key]) => key === wanted)?.[1];
}

type Named = Pick<EndpointRow, 'position' | 'driverOptions' | 'interfacePrefix'>;

/** The name that the interface has inside the container. */
export function interfaceName(endpoint: Named): string {
  return optionOf(endpoint, INTERFACE_NAME) ?? `${endpoint.interfacePrefix ?? 'eth'}${endpoint.position}`;
}

/** What the names of a network's interfaces begin with, where its driver takes that option and it was given. */
export function interfacePrefix({
  config,
}: Pick<NetworkRow, 'config'>): Pick<EndpointRow, 'interfacePrefix'> {
  const given = config.options.findLast(({ key }) => key === INTERFACE_PREFIX)?.value;
  return given === undefined ? {} : { interfacePrefix: given };
}

/** What the core does to an endpoint's interface once the driver has made it. */
export function interfaceSettings(
  endpoint: Named & Pick<EndpointRow, 'linkLocalIps'>,
): readonly NetworkOperation[] {
  const name = interfaceName(endpoint);
  const addresses = (endpoint.linkLocalIps ?? []).map(
    (address) =>
      ({
        op: 'addr-add',
        place: 'container',
        link: name,
        // As Docker has it: the prefixes of the link-local ranges.
        address: `${address}/${address.includes(':') ? 64 : 16}`,
      }) as const,
  );
  const sysctls = parseSysctlsOf(endpoint).map(
    ({ key, value }) =>
      ({ op: 'net-sysctl', place: 'container', key: key.replace('IFNAME', name), value }) as const,
  );
  const settings = [...sysctls, ...addresses];
  return settings.length === 0 ? [] : [...settings, { op: 'network-apply', tolerant: false }];
}

function parseSysctlsOf(endpoint: Pick<EndpointRow, 'driverOptions'>): readonly Sysctl[] {
  const text = optionOf(endpoint, SYSCTLS);
  return text === undefined ? [] : parseSysctls(text);
}

/**
 * Makes sure that no two interfaces of a container would have one name.
 * @throws WherryError `E_NETWORK_FLAG`
 */
export function refuseSameName(endpoints: readonly EndpointRow[]): void {
  const names = endpoints.map(interfaceName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw refuse(
    `two interfaces of the container would have the name ${twice}.`,
    `Give another name with --driver-opt ${INTERFACE_NAME}=NAME.`,
  );
}
