import { shortId } from '../container/id.ts';
import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import { isInside } from './address.ts';
import { BUILT_IN } from './builtin.ts';
import { addressesOf } from './endpoint-address.ts';
import { readPorts } from './published.ts';
import type { EndpointSettings, NetworkDetails, NetworkSettings, PortBindings } from './request.ts';
import type { EndpointRow, NetworkRow } from './table.ts';

interface NamedEndpoint {
  readonly endpoint: EndpointRow;
  readonly name: string;
}

/** A network as `docker network inspect` shows it. */
export function networkDetails(network: NetworkRow, members: readonly NamedEndpoint[]): NetworkDetails {
  const { config } = network;
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: config.ipv4,
    EnableIPv6: config.ipv6,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: config.subnets.map(({ cidr, gateway, ipRange }) => ({
        Subnet: cidr,
        ...(ipRange === undefined ? {} : { IPRange: ipRange }),
        ...(gateway === undefined ? {} : { Gateway: gateway }),
        ...auxiliaryOf(network, cidr),
      })),
    },
    Internal: config.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      members.map(({ endpoint, name }) => {
        const addresses = addressesOf(network, endpoint);
        return [
          endpoint.container,
          {
            Name: name,
            EndpointID: endpoint.id,
            MacAddress: endpoint.mac ?? '',
            IPv4Address: addresses.find((address) => !address.includes(':')) ?? '',
            IPv6Address: addresses.find((address) => address.includes(':')) ?? '',
          },
        ];
      }),
    ),
    Options: Object.fromEntries(config.options.map(({ key, value }) => [key, value])),
    Labels: network.labels,
  };
}

function auxiliaryOf({ auxiliary = {} }: NetworkRow, cidr: string) {
  const inside = Object.entries(auxiliary).filter(([, address]) => isInside(cidr, address));
  return inside.length === 0 ? {} : { AuxiliaryAddresses: Object.fromEntries(inside) };
}

export interface SettingsInput {
  readonly container: ContainerRow | undefined;
  readonly spec: ContainerSpec | undefined;
  readonly running: boolean;
  readonly places: readonly { readonly network: NetworkRow; readonly endpoint: EndpointRow }[];
  readonly directory: string;
}

/** `NetworkSettings` as `docker inspect` shows them. */
export function networkSettings({
  container,
  spec,
  running,
  places,
  directory,
}: SettingsInput): NetworkSettings {
  const endpoints = places.map(({ network, endpoint }) => ({
    name: network.name,
    settings: endpointSettings(network, endpoint, running, container, spec),
  }));
  const main = endpoints.find(({ name }) => name === 'bridge')?.settings;
  return {
    SandboxID: running ? (container?.id ?? '') : '',
    SandboxKey: '',
    Ports: running ? portBindings(spec, directory) : {},
    IPAddress: main?.IPAddress ?? '',
    IPPrefixLen: main?.IPPrefixLen ?? 0,
    Gateway: main?.Gateway ?? '',
    MacAddress: main?.MacAddress ?? '',
    GlobalIPv6Address: main?.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: main?.GlobalIPv6PrefixLen ?? 0,
    IPv6Gateway: main?.IPv6Gateway ?? '',
    Networks: Object.fromEntries(endpoints.map(({ name, settings }) => [name, settings])),
  };
}

function endpointSettings(
  network: NetworkRow,
  endpoint: EndpointRow,
  running: boolean,
  container: ContainerRow | undefined,
  spec: ContainerSpec | undefined,
): EndpointSettings {
  const { askedIp4, askedIp6, aliases, driverOptions = [], linkLocalIps = [] } = endpoint;
  const links = [...(spec?.networking?.links ?? []), ...(endpoint.links ?? [])].map(
    (link) => `${link.container}:${link.alias}`,
  );
  const builtIn = BUILT_IN.includes(network.name);
  const addresses = running ? addressesOf(network, endpoint) : [];
  const of = (v6: boolean) => addresses.find((each) => each.includes(':') === v6)?.split('/') ?? [];
  const gateway = (v6: boolean) =>
    running ? (network.config.subnets.find(({ cidr }) => cidr.includes(':') === v6)?.gateway ?? '') : '';
  const [ip4 = '', length4 = '0'] = of(false);
  const [ip6 = '', length6 = '0'] = of(true);
  const names = [container?.name ?? '', ...aliases, shortId(endpoint.container), spec?.hostname ?? ''].filter(
    (name) => name !== '',
  );
  return {
    IPAMConfig:
      askedIp4 === undefined && askedIp6 === undefined && linkLocalIps.length === 0
        ? null
        : {
            ...(askedIp4 === undefined ? {} : { IPv4Address: askedIp4 }),
            ...(askedIp6 === undefined ? {} : { IPv6Address: askedIp6 }),
            ...(linkLocalIps.length === 0 ? {} : { LinkLocalIPs: linkLocalIps }),
          },
    Links: links.length === 0 ? null : links,
    Aliases: aliases.length === 0 ? null : aliases,
    MacAddress: running && ip4 + ip6 !== '' ? (endpoint.mac ?? '') : '',
    DriverOpts: driverOptions.length === 0 ? null : Object.fromEntries(driverOptions.map(keyAndValue)),
    GwPriority: endpoint.gatewayPriority ?? 0,
    NetworkID: network.id,
    EndpointID: running ? endpoint.id : '',
    Gateway: ip4 === '' ? '' : gateway(false),
    IPAddress: ip4,
    IPPrefixLen: Number(length4),
    IPv6Gateway: ip6 === '' ? '' : gateway(true),
    GlobalIPv6Address: ip6,
    GlobalIPv6PrefixLen: Number(length6),
    DNSNames: builtIn ? null : [...new Set(names)],
  };
}

function keyAndValue(option: string): readonly [string, string] {
  const equals = option.indexOf('=');
  return [option.slice(0, equals), option.slice(equals + 1)];
}

function portBindings(spec: ContainerSpec | undefined, directory: string): PortBindings {
  const bindings: Record<string, { readonly HostIp: string; readonly HostPort: string }[] | null> = {};
  for (const port of spec?.networking?.exposed ?? []) bindings[port] = null;
  for (const { protocol, hostIp, hostPort, containerPort } of readPorts(directory)) {
    const key = `${containerPort}/${protocol}`;
    const hosts = hostIp === '' ? ['0.0.0.0', '::'] : [hostIp];
    bindings[key] = [
      ...(bindings[key] ?? []),
      ...hosts.map((HostIp) => ({ HostIp, HostPort: String(hostPort) })),
    ];
  }
  return bindings;
}
