import { misread, refusedFlags } from '../errors/argument.ts';
import { WherryError } from '../errors/error.ts';
import { isIP } from '../plan/ip.ts';
import { formatAddress, parseAddress } from './address.ts';
import { parseExposed, publishedPorts } from './ports.ts';
import type { Link, Networking, NetworkingRequest } from './request.ts';

const code = 'E_NETWORK_FLAG';

/** What is refused once all flags have been read. */
const refuse = (message: string, hint: string): WherryError => new WherryError(message, { code, hint });

function checkDns(text: string): string {
  if (isIP(text) !== 0) return text;
  const reason = `IP address is not correctly formatted: ${text}`;
  throw misread({ flag: '--dns', value: text, reason, hint: 'Give an address such as 192.0.2.1.', code });
}

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`);

/** The dot alone stands for no domain. */
function checkDomain(text: string): string {
  const domain = text.trim();
  if (domain === '.' || (/[a-zA-Z]/.test(domain) && DOMAIN.test(domain) && domain.length < 255))
    return domain;
  const hint = 'Give a domain such as example.org, or . for none.';
  throw misread({ flag: '--dns-search', value: text, reason: `${text} is not a valid domain`, hint, code });
}

/** `name:address` as Docker has it, or `name=address`. */
function parseAddHost(text: string): { readonly name: string; readonly address: string } {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.*)$/.exec(text) ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  if (name !== '' && !/\s/.test(name) && (bare === 'host-gateway' || isIP(bare) !== 0)) {
    return { name, address: bare };
  }
  const reason =
    name === '' || /\s/.test(name)
      ? `bad format for add-host: ${JSON.stringify(text)}`
      : `invalid IP address in add-host: ${JSON.stringify(bare)}`;
  const hint = 'Give --add-host NAME:ADDRESS, or NAME:host-gateway for the host itself.';
  throw misread({ flag: '--add-host', value: text, reason, hint, code });
}

/** `name[:alias]`. @throws WherryError `E_NETWORK_FLAG` */
export function parseLink(text: string): Link {
  const [container = '', alias = container, ...more] = text.split(':');
  if (container !== '' && alias !== '' && more.length === 0) {
    return { container: container.replace(/^\//, ''), alias: alias.replace(/^\//, '') };
  }
  const reason = text === '' ? 'empty string specified for links' : `bad format for links: ${text}`;
  const hint = 'Give --link CONTAINER or --link CONTAINER:ALIAS.';
  throw misread({ flag: '--link', value: text, reason, hint, code });
}

/** @throws WherryError `E_NETWORK_FLAG` */
export function checkMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  const hint = 'It is six bytes in hexadecimal, the first of them even: 02:42:ac:11:00:05.';
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac))
    throw refusedFlags(`${text} is not a valid mac address`, hint, code);
  if (/^[0-9a-f][02468ace]/.test(mac)) return mac;
  throw refuse(`invalid MAC address: ${text} is one of several interfaces.`, hint);
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
  throw refuse(`invalid IPv${family} address: ${text}`, `Give ${flag} an IPv${family} address.`);
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
    dns: (request.dns ?? []).map(checkDns),
    dnsSearch: (request.dnsSearch ?? []).map(checkDomain),
    dnsOptions: request.dnsOptions ?? [],
    addHosts: (request.addHosts ?? []).map(parseAddHost),
    links: (request.links ?? []).map(parseLink),
  };
}
