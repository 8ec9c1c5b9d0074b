import type { NetworkConfig } from '../plugin/contract.ts';
import type { Database } from '../store/database.ts';
import { isAlive, thisProcess } from '../store/owner.ts';
import { heldNamespaces } from './held-namespaces.ts';
import type { Link } from './request.ts';

/** A network as it is kept. */
export interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly created: string;
  readonly attachable: boolean;
  /** Completed by the driver. */
  readonly config: NetworkConfig;
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses of its subnets that no container gets, by name. */
  readonly auxiliary?: Readonly<Record<string, string>>;
}

/** What was asked of an endpoint beside names and addresses. */
export interface EndpointWishes {
  /** Names for others of the network that this container alone knows. */
  readonly links?: readonly Link[];
  /** `key=value`, as they were given. */
  readonly driverOptions?: readonly string[];
  /** The endpoint with the highest one has the default route; 0 unless said. */
  readonly gatewayPriority?: number;
  /** Addresses that the interface has beside the leased ones. */
  readonly linkLocalIps?: readonly string[];
  /** What the network's interfaces are called, `eth` unless said. */
  readonly interfacePrefix?: string;
}

/** A container's place in a network. */
export interface EndpointRow extends EndpointWishes {
  readonly network: string;
  readonly container: string;
  readonly position: number;
  readonly id: string;
  readonly aliases: readonly string[];
  readonly askedIp4?: string | undefined;
  readonly askedIp6?: string | undefined;
  readonly askedMac?: string | undefined;
  /** Leased addresses without prefix length. */
  readonly ip4?: string | undefined;
  readonly ip6?: string | undefined;
  readonly mac?: string | undefined;
}

interface NetworkColumns {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly created: string;
  readonly attachable: number;
  readonly config: string;
  readonly labels: string;
  readonly auxiliary: string;
}

interface EndpointColumns {
  readonly network: string;
  readonly container: string;
  readonly position: number;
  readonly id: string;
  readonly aliases: string;
  readonly asked_ip4: string | null;
  readonly asked_ip6: string | null;
  readonly asked_mac: string | null;
  readonly ip4: string | null;
  readonly ip6: string | null;
  readonly mac: string | null;
  readonly wishes: string;
}

interface OwnerColumns {
  readonly ip4: string | null;
  readonly ip6: string | null;
  readonly mac: string | null;
  readonly container: string;
  readonly state: string;
  readonly owner_pid: number | null;
  readonly owner_start: string | null;
  readonly owner_boot: string | null;
}

/** The networks of a state directory, and who is in them. */
export class NetworkTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(row: NetworkRow): void {
    this.#database.run(
      'INSERT INTO network VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      row.id,
      row.name,
      row.driver,
      row.created,
      Number(row.attachable),
      JSON.stringify(row.config),
      JSON.stringify(row.labels),
      JSON.stringify(row.auxiliary ?? {}),
    );
  }

  delete(id: string): void {
    this.#database.run('DELETE FROM network WHERE id = ?', id);
  }

  all(): NetworkRow[] {
    return this.#database.all<NetworkColumns>('SELECT * FROM network ORDER BY created').map(parseNetwork);
  }

  byName(name: string): NetworkRow | undefined {
    const columns = this.#database.get<NetworkColumns>('SELECT * FROM network WHERE name = ?', name);
    return columns && parseNetwork(columns);
  }

  /** At most two networks whose ids begin with these hexadecimal digits. */
  byPrefix(prefix: string): NetworkRow[] {
    return this.#database
      .all<NetworkColumns>('SELECT * FROM network WHERE id >= ? AND id < ? LIMIT 2', prefix, `${prefix}g`)
      .map(parseNetwork);
  }

  get(id: string): NetworkRow | undefined {
    const columns = this.#database.get<NetworkColumns>('SELECT * FROM network WHERE id = ?', id);
    return columns && parseNetwork(columns);
  }

  // ---- endpoints ----

  /** Adds a container to a network, at the first interface number that is free. */
  connect(endpoint: Omit<EndpointRow, 'position' | 'ip4' | 'ip6' | 'mac'>): EndpointRow {
    const taken = new Set(this.endpointsOf(endpoint.container).map(({ position }) => position));
    let position = 0;
    while (taken.has(position)) position += 1;
    this.#database.run(
      `INSERT INTO endpoint (network, container, position, id, aliases, asked_ip4, asked_ip6, asked_mac, wishes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      endpoint.network,
      endpoint.container,
      position,
      endpoint.id,
      JSON.stringify(endpoint.aliases),
      endpoint.askedIp4 ?? null,
      endpoint.askedIp6 ?? null,
      endpoint.askedMac ?? null,
      JSON.stringify(wishesOf(endpoint)),
    );
    return { ...endpoint, position };
  }

  /** Closes gaps between interface numbers, so that they begin at eth0; for a container that doesn't run. */
  renumber(container: string): void {
    const rows = this.endpointsOf(container).toSorted((a, b) => a.position - b.position);
    for (const [index, { network, position }] of rows.entries()) {
      if (position === index) continue;
      this.#database.run(
        'UPDATE endpoint SET position = ? WHERE network = ? AND container = ?',
        index,
        network,
        container,
      );
    }
  }

  disconnect(network: string, container: string): void {
    this.#database.run('DELETE FROM endpoint WHERE network = ? AND container = ?', network, container);
  }

  /** A container's endpoints; the one that is to have the default route comes first. */
  endpointsOf(container: string): EndpointRow[] {
    return this.#database
      .all<EndpointColumns>('SELECT * FROM endpoint WHERE container = ? ORDER BY position', container)
      .map(parseEndpoint)
      .sort((a, b) => (b.gatewayPriority ?? 0) - (a.gatewayPriority ?? 0));
  }

  membersOf(network: string): EndpointRow[] {
    return this.#database
      .all<EndpointColumns>('SELECT * FROM endpoint WHERE network = ? ORDER BY container', network)
      .map(parseEndpoint);
  }

  /** Of the members, those that have been started and haven't been seen to end. */
  startedMembersOf(network: string): EndpointRow[] {
    return this.#database
      .all<EndpointColumns>(
        `SELECT endpoint.* FROM endpoint JOIN container ON container.id = endpoint.container
         WHERE network = ? AND state = 'started' ORDER BY endpoint.container`,
        network,
      )
      .map(parseEndpoint);
  }

  /** Leases addresses; `preparing` when the container doesn't run yet, and this process sees to its start. */
  lease(endpoint: EndpointRow, preparing: boolean): void {
    const owner = preparing ? thisProcess() : undefined;
    this.#database.run(
      `UPDATE endpoint SET ip4 = ?, ip6 = ?, mac = ?, owner_pid = ?, owner_start = ?, owner_boot = ?
       WHERE network = ? AND container = ?`,
      endpoint.ip4 ?? null,
      endpoint.ip6 ?? null,
      endpoint.mac ?? null,
      owner?.pid ?? null,
      owner?.startTime ?? null,
      owner?.bootId ?? null,
      endpoint.network,
      endpoint.container,
    );
  }

  /** Addresses of a network that are leased to others than `container`, or in a namespace that one of those has left to others, by address. */
  leased(network: string, container: string): ReadonlyMap<string, string> {
    const rows = this.#database.all<OwnerColumns>(
      `SELECT ip4, ip6, mac, container, state, owner_pid, owner_start, owner_boot FROM endpoint
       JOIN container ON container.id = endpoint.container WHERE network = ? AND container <> ?`,
      network,
      container,
    );
    // Asked for when it matters alone.
    let held: ReadonlySet<string> | undefined;
    const isHeld = (id: string): boolean => {
      held ??= heldNamespaces(this.#database);
      return held.has(id);
    };
    return new Map(
      rows
        .filter((row) => row.state === 'started' || isPreparing(row) || isHeld(row.container))
        .flatMap((row) =>
          [row.ip4, row.ip6, row.mac].flatMap((address) =>
            address === null ? [] : [[address, row.container] as const],
          ),
        ),
    );
  }
}

function isPreparing({ owner_pid, owner_start, owner_boot }: OwnerColumns): boolean {
  if (owner_pid === null || owner_start === null || owner_boot === null) return false;
  return isAlive({ pid: owner_pid, startTime: owner_start, bootId: owner_boot });
}

function parseNetwork(columns: NetworkColumns): NetworkRow {
  return {
    id: columns.id,
    name: columns.name,
    driver: columns.driver,
    created: columns.created,
    attachable: columns.attachable !== 0,
    // What was written before networks could be without IPv4.
    config: { ipv4: true, ...(JSON.parse(columns.config) as Omit<NetworkConfig, 'ipv4'>) },
    labels: JSON.parse(columns.labels) as Readonly<Record<string, string>>,
    auxiliary: JSON.parse(columns.auxiliary) as Readonly<Record<string, string>>,
  };
}

function parseEndpoint(columns: EndpointColumns): EndpointRow {
  return {
    network: columns.network,
    container: columns.container,
    position: columns.position,
    id: columns.id,
    aliases: JSON.parse(columns.aliases) as readonly string[],
    askedIp4: columns.asked_ip4 ?? undefined,
    askedIp6: columns.asked_ip6 ?? undefined,
    askedMac: columns.asked_mac ?? undefined,
    ip4: columns.ip4 ?? undefined,
    ip6: columns.ip6 ?? undefined,
    mac: columns.mac ?? undefined,
    ...(JSON.parse(columns.wishes) as EndpointWishes),
  };
}

function wishesOf({
  links = [],
  driverOptions = [],
  gatewayPriority = 0,
  linkLocalIps = [],
  interfacePrefix,
}: EndpointWishes): EndpointWishes {
  return {
    ...(links.length === 0 ? {} : { links }),
    ...(driverOptions.length === 0 ? {} : { driverOptions }),
    ...(gatewayPriority === 0 ? {} : { gatewayPriority }),
    ...(linkLocalIps.length === 0 ? {} : { linkLocalIps }),
    ...(interfacePrefix === undefined ? {} : { interfacePrefix }),
  };
}
