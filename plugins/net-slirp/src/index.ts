import { invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { log, stateGet, statePut, stateRemove } from '@wherry/sdk-assemblyscript/guest/host.ts';
import { option, optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import { step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  Attachment,
  type AttachRequest,
  ResultAttachPlanDriverError as AttachResult,
  type DriverError,
  type DriverInfo,
  type Facts,
  type Fitness,
  type NetworkConfig,
  ResultNetworkPlanDriverError as NetworkResult,
  Operation,
  Permission,
  type PortMapping,
  type Step,
  ResultListStepDriverError as StepsResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';
import {
  hasIPv6,
  PASTA,
  SLIRP,
  UPLINK,
  type UplinkAddresses,
  uplinkHelper,
  uplinkProgram,
} from '@wherry/sdk-assemblyscript/guest/uplink.ts';
import { DEFAULT_CIDR, uplinkAddresses } from './addresses.ts';

const DEFAULT_MTU = '65520';

/** Carries ports at the speed of splice(2); the program inside sees its own address as the client's. */
const MONITOR = 'monitor';

/** One container, and one uplink in user space that is its alone. */
export function describe(): DriverInfo {
  return {
    name: 'slirp',
    kind: 'network',
    version: '0.1.0',
    summary: 'A way out in user space for one container, which reaches no other.',
    permissions: [Permission.helperProgram(SLIRP), Permission.helperProgram(PASTA)],
    options: [
      option('mtu', 'number', DEFAULT_MTU, 'MTU of the container’s interface, 68 to 65521'),
      option(
        'port_handler',
        'text',
        MONITOR,
        'who carries published ports: monitor, or pasta, which keeps the addresses of clients',
      ),
      option('cidr', 'text', DEFAULT_CIDR, 'subnet of the uplink, with 24 bits: 10.0.2.0/24'),
    ],
  };
}

export function probe(facts: Facts): Fitness {
  if (uplinkProgram(facts) !== '') return { score: 20, reason: 'the machine has a way out for it' };
  return { score: 5, reason: 'without slirp4netns or pasta (and /dev/net/tun) nothing outside is reached' };
}

function check(config: NetworkConfig): DriverError | null {
  if (config.subnets.length > 0) {
    return invalid(
      `network ${config.name} has the subnet ${config.subnets[0].cidr}, and driver slirp gives its own`,
      'Use the option cidr: --network slirp:cidr=10.9.8.0/24.',
    );
  }
  if (!config.ipv4) return unsupported('an uplink has an address of IPv4', 'Leave --ipv4 as it is.');
  const cidr = optionValue(config.options, 'cidr', DEFAULT_CIDR);
  if (uplinkAddresses(cidr) === null) {
    return invalid(`${cidr} is no subnet for an uplink`, 'It is an IPv4 subnet with 24 bits: 10.0.2.0/24.');
  }
  const handler = portHandler(config);
  if (handler !== MONITOR && handler !== PASTA) {
    return invalid(`${handler} carries no ports for driver slirp`, 'port_handler is monitor or pasta.');
  }
  const mtu = parseInt(optionValue(config.options, 'mtu', DEFAULT_MTU), 10);
  if (mtu >= 68 && mtu <= 65521) return null;
  return invalid('the MTU of an uplink is a number from 68 to 65521', '--network slirp:mtu=1500');
}

function portHandler(config: NetworkConfig): string {
  return optionValue(config.options, 'port_handler', MONITOR);
}

export function validate(config: NetworkConfig, _facts: Facts): UnitResult {
  const wrong = check(config);
  return wrong === null ? UnitResult.ok() : UnitResult.err(wrong);
}

export function createNetwork(config: NetworkConfig, _facts: Facts): NetworkResult {
  const wrong = check(config);
  return wrong === null ? NetworkResult.ok({ config: config, steps: [] }) : NetworkResult.err(wrong);
}

export function removeNetwork(_config: NetworkConfig): StepsResult {
  return StepsResult.ok([]);
}

function key(container: string, network: NetworkConfig, interfaceName: string): string {
  return `attached/${network.id}/${container}/${interfaceName}`;
}

function attachmentOf(addresses: UplinkAddresses): Attachment {
  const attachment = new Attachment();
  attachment.interfaceName = UPLINK;
  attachment.addresses = [`${addresses.address}/${addresses.prefix}`];
  attachment.gateways = [addresses.gateway];
  attachment.nameServers = [addresses.nameServer];
  attachment.search = [];
  return attachment;
}

export function attach(request: AttachRequest): AttachResult {
  const config = request.network;
  const wrong = check(config);
  if (wrong !== null) return AttachResult.err(wrong);
  const addresses = uplinkAddresses(optionValue(config.options, 'cidr', DEFAULT_CIDR));
  if (addresses === null)
    return AttachResult.err(invalid('the network has no subnet', 'Give it the option cidr.'));
  const byPasta = portHandler(config) === PASTA;
  if (byPasta) {
    const unable = pastaUnable(request);
    if (unable !== null) return AttachResult.err(unable);
  }
  const program = byPasta ? PASTA : uplinkProgram(request.facts);
  const mtu = optionValue(config.options, 'mtu', DEFAULT_MTU);
  const steps: Step[] = [];
  const up = Operation.linkSet({ namespace: 'container', name: 'lo', up: true, master: null, rename: null });
  steps.push(step(up, null));
  const ipv6 = hasIPv6(request.facts);
  if (program === '') {
    // Published ports lead to this address all the same.
    const address = `${addresses.address}/32`;
    steps.push(step(Operation.addrAdd({ namespace: 'container', link: 'lo', address: address }), null));
    log('warn', 'the container reaches nothing outside: install slirp4netns or passt');
  } else {
    const helper = uplinkHelper(
      program,
      'container',
      'container',
      mtu,
      addresses,
      ipv6,
      byPasta ? request.ports : [],
    );
    steps.push(step(Operation.helper(helper), null));
  }
  for (let i = 0; !byPasta && i < request.ports.length; i++) {
    steps.push(forward(request.ports[i], addresses.address));
  }
  statePut(
    key(request.container, config, request.endpoint.interfaceName),
    optionValue(config.options, 'cidr', DEFAULT_CIDR),
  );
  return AttachResult.ok({ sharing: 'own', attachment: attachmentOf(addresses), steps: steps });
}

/** Why pasta can't carry the ports, if it can't. */
function pastaUnable(request: AttachRequest): DriverError | null {
  const facts = request.facts;
  if (!facts.tun || !facts.programs.includes(PASTA)) {
    return unsupported(
      'port_handler=pasta needs pasta, which this machine doesn’t have',
      'Install passt, or leave port_handler out: ports are carried all the same.',
    );
  }
  const ports = request.ports;
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i];
    if (port.hostIp.includes(':') && !hasIPv6(facts)) {
      return unsupported(
        `pasta can’t publish a port on ${port.hostIp}, as the host has no way out by IPv6`,
        'Publish on an address of IPv4, or leave port_handler out.',
      );
    }
    for (let j = 0; j < i; j++) {
      if (ports[j].protocol !== port.protocol || ports[j].hostPort !== port.hostPort) continue;
      return unsupported(
        `pasta can’t publish port ${port.hostPort.toString()}/${port.protocol} of two addresses`,
        'Publish it once, or leave port_handler out.',
      );
    }
  }
  return null;
}

function forward(port: PortMapping, address: string): Step {
  const operation = Operation.forward({
    protocol: port.protocol,
    hostIp: port.hostIp,
    hostPort: port.hostPort,
    containerIp: address,
    containerPort: port.containerPort,
  });
  return step(operation, null);
}

export function detach(container: string, network: NetworkConfig, interfaceName: string): StepsResult {
  stateRemove(key(container, network, interfaceName));
  return StepsResult.ok([]);
}

export function status(container: string, network: NetworkConfig, interfaceName: string): Attachment | null {
  const cidr = stateGet(key(container, network, interfaceName));
  if (cidr === null) return null;
  const addresses = uplinkAddresses(cidr);
  if (addresses === null) return null;
  return attachmentOf(addresses);
}

export function addPort(_container: string, network: NetworkConfig, port: PortMapping): StepsResult {
  if (portHandler(network) === PASTA) {
    return StepsResult.err(
      unsupported('pasta takes no ports while it runs', 'Publish the port when the container is created.'),
    );
  }
  const addresses = uplinkAddresses(optionValue(network.options, 'cidr', DEFAULT_CIDR));
  if (addresses === null)
    return StepsResult.err(invalid('the network has no subnet', 'Give it the option cidr.'));
  return StepsResult.ok([forward(port, addresses.address)]);
}

/** A port is carried by a process of the container's own, and goes with it. */
export function removePort(_container: string, _network: NetworkConfig, _port: PortMapping): StepsResult {
  return StepsResult.ok([]);
}
