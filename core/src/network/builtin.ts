import { createHash } from 'node:crypto';
import { EXIT, WherryError } from '../errors/error.ts';
import type { NetworkConfig } from '../plugin/contract.ts';
import { parseMode } from './mode.ts';
import type { NetworkRow, NetworkTable } from './table.ts';

/** Networks that are there without having been made; each goes by its driver's name. */
export const BUILT_IN: readonly string[] = ['bridge', 'host', 'none'];

/** The network of a container that asks for none in particular. */
export const DEFAULT_NETWORK = 'bridge';

export function builtInId(name: string): string {
  return createHash('sha256').update(`network ${name}`).digest('hex');
}

/** An empty configuration, as `create-network` is called with. */
export function emptyConfig(id: string, name: string): NetworkConfig {
  return { id, name, subnets: [], internal: false, ipv4: true, ipv6: false, options: [] };
}

/**
 * The network that a user means by a name, an id or an unambiguous beginning of one.
 * @throws WherryError `E_NETWORK_NOT_FOUND`, in Docker's words
 */
export function findNetwork(table: NetworkTable, nameOrId: string): NetworkRow {
  const named = table.byName(nameOrId);
  if (named !== undefined) return named;
  const [only, another] = /^[0-9a-f]{1,64}$/.test(nameOrId) ? table.byPrefix(nameOrId) : [];
  if (only === undefined) throw networkNotFound(nameOrId);
  if (another !== undefined) {
    throw new WherryError(`network ${nameOrId} is ambiguous (2 or more matches found on id)`, {
      code: 'E_NETWORK_AMBIGUOUS',
      hint: 'Give more digits of the id, or the name.',
    });
  }
  return only;
}

export function networkNotFound(name: string): WherryError {
  return new WherryError(`network ${name} not found`, {
    code: 'E_NETWORK_NOT_FOUND',
    hint: 'wherry network ls   lists the networks.',
  });
}

/** A network that is made up for one container: `slirp` and its options. */
export function adHocNetwork(text: string): NetworkRow | undefined {
  const mode = parseMode(text);
  if (mode.kind !== 'driver') return undefined;
  const id = builtInId(text);
  const options = Object.entries(mode.options).map(([key, value]) => ({ key, value }));
  return {
    id,
    name: mode.driver,
    driver: mode.driver,
    created: '',
    attachable: false,
    config: { ...emptyConfig(id, mode.driver), options },
    labels: {},
  };
}

/** Whether a network's ports are carried by a helper, which has to be told of each one. */
export function portsByHelper({ config }: Pick<NetworkRow, 'config'>): boolean {
  return config.options.some(({ key, value }) => key === 'port_handler' && value !== 'monitor');
}

/** What Docker's client reads in a flag of `run` and its daemon in another command's. */
export function inCommand(error: unknown): unknown {
  if (!(error instanceof WherryError) || error.exitCode !== EXIT.engine) return error;
  return new WherryError(error.message, { code: error.code, hint: error.hint, cause: error });
}
