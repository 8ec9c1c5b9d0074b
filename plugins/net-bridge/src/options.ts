import { inUse, invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { stateGet } from '@wherry/sdk-assemblyscript/guest/host.ts';
import { option, optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import type { DriverError, NetworkConfig, OptionInfo } from '@wherry/sdk-assemblyscript/guest/types.ts';
import { isIPv4 } from './cidr.ts';

export const MTU = 'com.docker.network.driver.mtu';
export const ICC = 'com.docker.network.bridge.enable_icc';
export const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';
export const HOST_BINDING = 'com.docker.network.bridge.host_binding_ipv4';
export const NAME = 'com.docker.network.bridge.name';
/** The host gives the interfaces of containers their names. */
const INTERFACE_PREFIX = 'com.docker.network.container_iface_prefix';

/**
 * What one system call moves at most. Nothing but memory lies between containers, and the uplink takes whole segments,
 * so a frame of Ethernet's size would only cost more of them.
 */
export const DEFAULT_MTU = '65520';

/** An option of Docker's that is what it is, and why it can't be otherwise. */
class Fixed {
  name: string = '';
  value: string = '';
  reason: string = '';
}

function fixed(name: string, value: string, reason: string): Fixed {
  const made = new Fixed();
  made.name = name;
  made.value = value;
  made.reason = reason;
  return made;
}

function fixedOptions(): Fixed[] {
  const unrouted =
    'nothing outside of this user’s namespace has a route to its containers, so published ports are the one way in';
  return [
    fixed('com.docker.network.bridge.gateway_mode_ipv4', 'nat', unrouted),
    fixed('com.docker.network.bridge.gateway_mode_ipv6', 'nat', unrouted),
    fixed(
      'com.docker.network.bridge.inhibit_ipv4',
      'false',
      'names are answered for at the address of the bridge',
    ),
    fixed('com.docker.network.bridge.trusted_host_interfaces', '', unrouted),
    fixed('com.docker.network.host_ipv4', '', 'the uplink chooses the host’s address'),
    fixed('com.docker.network.host_ipv6', '', 'the uplink chooses the host’s address'),
  ];
}

export function optionList(): OptionInfo[] {
  const list = [
    option(MTU, 'number', DEFAULT_MTU, 'MTU of the bridge and of its containers’ interfaces'),
    option(ICC, 'boolean', 'true', 'whether its containers reach each other'),
    option(MASQUERADE, 'boolean', 'true', 'whether what leaves the network has the host’s address'),
    option(HOST_BINDING, 'text', '', 'address of the host on which ports are published'),
    option(NAME, 'text', '', 'name of the bridge, which begins with br-'),
    option(INTERFACE_PREFIX, 'text', 'eth', 'what the names of its containers’ interfaces begin with'),
  ];
  const all = fixedOptions();
  for (let i = 0; i < all.length; i++) {
    const each = all[i];
    list.push(
      option(
        each.name,
        'text',
        each.value,
        `${each.value === '' ? 'empty' : each.value} alone: ${each.reason}`,
      ),
    );
  }
  return list;
}

export function nameKey(name: string): string {
  return `bridge/${name}`;
}

function isWord(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
    if (!letter && !(c >= 48 && c <= 57) && c !== 45 && c !== 95 && c !== 46) return false;
  }
  return text.length > 0;
}

/** Names of interfaces have 15 characters at most: three are left for the number. */
function checkInterfacePrefix(config: NetworkConfig): DriverError | null {
  const prefix = optionValue(config.options, INTERFACE_PREFIX, 'eth');
  const c = prefix === '' ? 0 : prefix.charCodeAt(0);
  const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
  if (letter && prefix.length <= 12 && isWord(prefix) && prefix.indexOf('.') < 0) return null;
  return invalid(
    `interfaces on network ${config.name} can’t have names that begin with ${prefix === '' ? 'nothing' : prefix}`,
    'Give up to 12 letters, digits, hyphens and underscores, a letter first.',
  );
}

/** Networks are kept apart by what the names of bridges begin with. Those of other networks have 12 hexadecimal digits behind it. */
function checkBridgeName(config: NetworkConfig): DriverError | null {
  const name = optionValue(config.options, NAME, '');
  if (name === '') return null;
  if (!name.startsWith('br-') || name.length > 14 || !isWord(name.substring(3))) {
    return invalid(
      `the bridge of network ${config.name} can’t have the name ${name}`,
      'It begins with br-, and has up to 11 letters, digits, hyphens, dots and underscores behind it.',
    );
  }
  const owner = stateGet(nameKey(name));
  if (owner === null || owner === config.id) return null;
  return inUse(`bridge ${name} is that of another network`, 'Give it another name, or leave the option out.');
}

/** What is wrong with the options of a configuration, if anything. */
export function checkOptions(config: NetworkConfig): DriverError | null {
  const mtu = parseInt(optionValue(config.options, MTU, DEFAULT_MTU), 10);
  if (mtu < 68 || mtu > 65535) {
    return invalid(`the MTU of network ${config.name} is out of range`, 'It is a number from 68 to 65535.');
  }
  const binding = optionValue(config.options, HOST_BINDING, '');
  if (binding !== '' && !isIPv4(binding)) {
    return invalid(
      `${HOST_BINDING} is no IPv4 address: ${binding}`,
      'Give one of the host’s, such as 127.0.0.1.',
    );
  }
  const all = fixedOptions();
  for (let i = 0; i < all.length; i++) {
    const each = all[i];
    const value = optionValue(config.options, each.name, each.value);
    if (value === each.value) continue;
    return unsupported(
      `option ${each.name} can’t be ${value === '' ? 'empty' : value}: ${each.reason}`,
      each.value === '' ? 'Leave it out.' : `Leave it out: it is ${each.value}.`,
    );
  }
  const wrong = checkInterfacePrefix(config);
  return wrong === null ? checkBridgeName(config) : wrong;
}
