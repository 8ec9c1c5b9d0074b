import { EXIT, WherryError } from '../errors/error.ts';
import { isIP } from '../plan/ip.ts';
import { formatAddress, parseAddress } from './address.ts';
import { parseExposed, publishedPorts } from './ports.ts';
import type { Link, Networking, NetworkingRequest } from './request.ts';

const refuse = (message: string, hint: string): WherryError =>
  new WherryError(message, { code: 'E_NETWORK_FLAG', hint, exitCode: EXIT.engine });

function checkAddress(flag: string, text: string): string {
  if (isIP(text) !== 0) return text;
  throw refuse(`${flag}: ${JSON.stringify(text)} is no IP address.`, 'Give an address such as 192.0.2.1.');
}

/** `name:address` as Docker has it, or `name=address`. */
function parseAddHost(text: string): { readonly name: string; readonly address: string } {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  if (name !== '' && !/\s/.test(name) && (bare === 'host-gateway' || isIP(bare) !== 0)) {
    return { name, address: bare };
  }
  throw refuse(
    `bad format for add-host: ${JSON.stringify(text)}.`,
    'Give --add-host NAME:ADDRESS, or NAME:host-gateway for the host itself.',
  );
}

/** `name[:alias]`. @throws WherryError `E_NETWORK_FLAG` */
export function parseLink(text: string): Link {
  const [container = '', alias = container, ...more] = text.split(':');
  if (container !== '' && alias !== '' && more.length === 0) {
    return { container: container.replace(/^\//, ''), alias: alias.replace(/^\//, '') };
  }
  throw refuse(`bad format for links: ${text}.`, 'Give --link CONTAINER or --link CONTAINER:ALIAS.');
}

/** @throws WherryError `E_NETWORK_FLAG` */
export function checkMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac)) return mac;
  throw refuse(
    `invalid MAC address: ${text}.`,
    'It is six bytes in hexadecimal, the first of them even: 02:42:ac:11:00:05.',
  );
}

/** Addresses beside the leased one: like Docker, of any range. @throws WherryError `E_NETWORK_FLAG` */
export function checkLinkLocal(texts: readonly string[]): readonly string[] {
  const addresses = texts.map((text) => {
    const address = parseAddress(text);
    if (address !== undefined && address.value !== 0n) return formatAddress(address);
    throw refuse(
      `invalid link-local IP address: ${text}.`,
      'Give an address such as 169.254.7.1 or fe80::7.',
    );
  });
  return [...new Set(addresses)];
}

/** An address that was asked for, in its canonical family. @throws WherryError `E_NETWORK_FLAG` */
export function checkFamily(flag: string, text: string, family: 4 | 6): string {
  if (parseAddress(text)?.family === family) return text;
  throw refuse(
    `${flag}: ${JSON.stringify(text)} is no IPv${family} address.`,
    `Give an IPv${family} address.`,
  );
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** @throws WherryError `E_NETWORK_FLAG` */
export function checkAliases(aliases: readonly string[]): readonly string[] {
  for (const alias of aliases) {
    if (!NAME.test(alias) || alias.length > 63) {
      throw refuse(
        `invalid alias ${JSON.stringify(alias)}.`,
        'An alias has up to 63 letters, digits, hyphens, dots and underscores.',
      );
    }
  }
  return aliases;
}

/**
 * Settles what the flags of `run` and the image's exposed ports say of networks.
 * @throws WherryError `E_NETWORK_FLAG`, `E_PORT`
 */
export function mergeNetworking(
  request: NetworkingRequest,
  imagePorts: Readonly<Record<string, object>>,
): Networking {
  const published = request.publish ?? [];
  const exposed = new Set([...Object.keys(imagePorts), ...(request.expose ?? [])].flatMap(parseExposed));
  const ports = publishedPorts(published, request.publishAll ?? false, [...exposed]);
  for (const { containerPort, protocol } of ports) exposed.add(`${containerPort}/${protocol}`);
  return {
    ports,
    exposed: [...exposed].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    dns: (request.dns ?? []).map((address) => checkAddress('--dns', address)),
    dnsSearch: request.dnsSearch ?? [],
    dnsOptions: request.dnsOptions ?? [],
    addHosts: (request.addHosts ?? []).map(parseAddHost),
    links: (request.links ?? []).map(parseLink),
  };
}
