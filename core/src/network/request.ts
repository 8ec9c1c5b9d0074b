/** What is asked of a container's place in one network; texts as the user typed them. */
export interface EndpointRequest {
  /** `--network-alias` */
  readonly aliases?: readonly string[];
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  readonly macAddress?: string | undefined;
  /** Addresses that the interface has beside its own. */
  readonly linkLocalIps?: readonly string[];
  /** `key=value` */
  readonly driverOptions?: readonly string[];
  /** The network with the highest one has the default route; 0 unless said. */
  readonly gatewayPriority?: number | undefined;
}

/** What `run` and `create` say of networks beside `--network`; as an endpoint request, of the first network. */
export interface NetworkingRequest extends EndpointRequest {
  /** Networks after the first. */
  readonly further?: readonly (EndpointRequest & { readonly network: string })[];
  /** `--link`: `name[:alias]` */
  readonly links?: readonly string[];
  /** `-p`: `[[ip:]host:]container[/protocol]` */
  readonly publish?: readonly string[];
  /** `-P` */
  readonly publishAll?: boolean;
  /** `--expose`: `port[-port][/protocol]` */
  readonly expose?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
  /** `--add-host`: `name:address` or `name=address` */
  readonly addHosts?: readonly string[];
}

/** A port of the container that is published on the host. */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  /** Empty for all addresses. */
  readonly hostIp: string;
  /** 0 for a free one. */
  readonly hostPort: number;
  /** The last one of a range of which a free one is taken. */
  readonly hostPortEnd?: number;
  readonly containerPort: number;
}

/** What a container's record says of networks, settled at `create`. */
export interface Networking {
  readonly ports: readonly PublishedPort[];
  /** `80/tcp` */
  readonly exposed: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** `name` and address, or `host-gateway`. */
  readonly addHosts: readonly { readonly name: string; readonly address: string }[];
  readonly links: readonly Link[];
}

/** A container, and the name by which another one knows it. */
export interface Link {
  readonly container: string;
  readonly alias: string;
}

export const NO_NETWORKING: Networking = {
  ports: [],
  exposed: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  addHosts: [],
  links: [],
};

// ---- the engine's answers ---------------------------------------------------------------------------------------------

export interface CreateNetworkRequest {
  readonly name: string;
  readonly driver?: string;
  readonly subnets?: readonly string[];
  readonly gateways?: readonly string[];
  readonly ipRanges?: readonly string[];
  /** Addresses that no container gets, by name. */
  readonly auxiliary?: Readonly<Record<string, string>>;
  /** True unless said. */
  readonly ipv4?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly ipv6?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

export interface NetworkSummary {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly scope: 'local';
  readonly created: string;
  readonly internal: boolean;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a container runs in it; when that was asked for. */
  readonly used?: boolean;
}

/** `docker network inspect`, with its names. */
export interface NetworkDetails {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: 'local';
  readonly Driver: string;
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: 'default';
    readonly Options: null;
    readonly Config: readonly {
      readonly Subnet: string;
      readonly IPRange?: string;
      readonly Gateway?: string;
      readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
    }[];
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: false;
  readonly ConfigFrom: { readonly Network: '' };
  readonly ConfigOnly: false;
  readonly Containers: Readonly<
    Record<
      string,
      {
        readonly Name: string;
        readonly EndpointID: string;
        readonly MacAddress: string;
        readonly IPv4Address: string;
        readonly IPv6Address: string;
      }
    >
  >;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** One network of `NetworkSettings.Networks` in `docker inspect`. */
export interface EndpointSettings {
  readonly IPAMConfig: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[];
  } | null;
  readonly Links: readonly string[] | null;
  readonly Aliases: readonly string[] | null;
  readonly MacAddress: string;
  readonly DriverOpts: Readonly<Record<string, string>> | null;
  readonly GwPriority: number;
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly DNSNames: readonly string[] | null;
}

export type PortBindings = Readonly<
  Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
>;

/** `NetworkSettings` of `docker inspect`. */
export interface NetworkSettings {
  readonly SandboxID: string;
  readonly SandboxKey: string;
  readonly Ports: PortBindings;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly Gateway: string;
  readonly MacAddress: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly IPv6Gateway: string;
  readonly Networks: Readonly<Record<string, EndpointSettings>>;
}

export interface ConnectOptions extends EndpointRequest {
  /** `name[:alias]` */
  readonly links?: readonly string[];
}

/** A published port as it is now. */
export interface PortBinding {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface Networks {
  /** @throws WherryError `E_NETWORK_*` */
  create(request: CreateNetworkRequest): Promise<string>;
  /** The checked plan of `create`, as text; touches nothing. */
  explain(request: CreateNetworkRequest): Promise<string>;
  list(options?: { readonly use?: boolean }): Promise<readonly NetworkSummary[]>;
  /** @throws WherryError `E_NETWORK_NOT_FOUND` */
  inspect(nameOrId: string): Promise<NetworkDetails>;
  /** @throws WherryError `E_NETWORK_NOT_FOUND`, `E_NETWORK_IN_USE`, `E_NETWORK_BUILT_IN`. Answers with its name. */
  remove(nameOrId: string): Promise<string>;
  /** Removes networks that no container is connected to. Answers with their names. */
  prune(select: (network: NetworkSummary) => boolean): Promise<readonly string[]>;
  connect(nameOrId: string, container: string, options: ConnectOptions): Promise<void>;
  disconnect(nameOrId: string, container: string, force: boolean): Promise<void>;
  /** Ports of a container that runs. */
  ports(container: string): readonly PortBinding[];
  settings(container: string): Promise<NetworkSettings>;
}
