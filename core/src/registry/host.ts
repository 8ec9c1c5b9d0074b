import { BlockList, isIP } from 'node:net';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';

/** One way to speak to a registry. */
export interface Endpoint {
  /** `http://host[:port]` or `https://host[:port]`. */
  readonly origin: string;
  /** Whether its certificate has to be trusted. */
  readonly verify: boolean;
}

/** The host that serves Docker Hub's images. */
const HUB = 'registry-1.docker.io';

/** Hostname of `host[:port]`, brackets of an IPv6 address included. */
export function hostnameOf(domain: string): string {
  return domain.replace(/:[0-9]+$/, '');
}

/** This machine itself, where nothing can listen in. */
export function isLoopback(domain: string): boolean {
  const hostname = hostnameOf(domain).toLowerCase();
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/**
 * Ways to try, in order. As Docker does, a registry that is called insecure is tried by HTTPS with any certificate and then
 * by HTTP; one on loopback likewise, HTTP first. Any other has to have a trusted certificate.
 * @param insecure `host[:port]`, hosts and networks (`10.0.0.0/8`) of registries that may be spoken to without
 */
export function endpointsOf(domain: string, insecure: readonly string[]): readonly Endpoint[] {
  const host = domain === DEFAULT_DOMAIN ? HUB : domain;
  const encrypted = (verify: boolean): Endpoint => ({ origin: `https://${host}`, verify });
  const plain: Endpoint = { origin: `http://${host}`, verify: false };
  if (insecure.some((each) => each === domain || each === hostnameOf(domain) || isWithin(each, domain))) {
    return [encrypted(false), plain];
  }
  return isLoopback(host) ? [plain, encrypted(false)] : [encrypted(true)];
}

/** Whether a registry that is called by its address lies in a network. */
function isWithin(network: string, domain: string): boolean {
  const [base = '', prefix] = network.split('/');
  const address = hostnameOf(domain).replace(/^\[|\]$/g, '');
  if (prefix === undefined || isIP(base) === 0 || isIP(address) !== isIP(base)) return false;
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  if (Number(prefix) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(prefix), family);
  return list.check(address, family);
}
