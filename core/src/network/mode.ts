import { WherryError } from '../errors/error.ts';

/** What `--network` says. */
export type NetworkMode =
  | { readonly kind: 'network'; readonly name: string }
  /** The namespace of another container. */
  | { readonly kind: 'container'; readonly container: string }
  /** A driver that needs no network to be made: `slirp:mtu=1500`. */
  | { readonly kind: 'driver'; readonly driver: string; readonly options: Readonly<Record<string, string>> };

/**
 * Reads `--network`.
 * @throws WherryError `E_NETWORK_MODE`
 */
export function parseMode(text: string): NetworkMode {
  if (text.startsWith('container:')) {
    const container = text.slice('container:'.length);
    if (container === '') throw invalid(text, 'it names no container');
    return { kind: 'container', container };
  }
  if (text !== 'slirp' && !text.startsWith('slirp:')) return { kind: 'network', name: text };
  const words = text === 'slirp' ? [] : text.slice('slirp:'.length).split(',');
  const options = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw invalid(text, `${word || 'nothing'} is no option`);
    return [word.slice(0, equals), word.slice(equals + 1)] as const;
  });
  return { kind: 'driver', driver: 'slirp', options: Object.fromEntries(options) };
}

function invalid(text: string, why: string): WherryError {
  return new WherryError(`invalid network ${JSON.stringify(text)}: ${why}.`, {
    code: 'E_NETWORK_MODE',
    hint: 'It is the name of a network, host, none, container:NAME, or slirp:mtu=NUMBER,cidr=SUBNET,port_handler=monitor|pasta.',
  });
}
