import { inUse, notFound } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { log, statePut, stateRemove } from '@wherry/sdk-assemblyscript/guest/host.ts';
import { optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import { step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  Attachment,
  type AttachRequest,
  ResultAttachPlanDriverError as AttachResult,
  type DriverError,
  type DriverInfo,
  type Facts,
  type Fitness,
  NetworkConfig,
  ResultNetworkPlanDriverError as NetworkResult,
  Operation,
  Permission,
  type PortMapping,
  ResultListStepDriverError as StepsResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';
import { PASTA, SLIRP, uplinkProgram } from '@wherry/sdk-assemblyscript/guest/uplink.ts';
import { forget, keep, kept } from './attached.ts';
import { addressOf } from './cidr.ts';
import { vethName } from './names.ts';
import { checkOptions, NAME, nameKey, optionList } from './options.ts';
import { attachSteps, forwardStep, gatewaysFor, networkSteps, removalSteps } from './plan.ts';
import { checkSubnets, completeSubnets, networkKey, subnetText } from './subnets.ts';

/** The network that is there from the beginning; as in Docker its members don't find each other by name. */
const DEFAULT_NETWORK = 'bridge';

/** Containers are ports of a bridge in a namespace that all of a user's networks share, and which has one way out. */
export function describe(): DriverInfo {
  return {
    name: 'bridge',
    kind: 'network',
    version: '0.1.0',
    summary: 'Containers on a bridge of their own, with a way out in user space.',
    permissions: [Permission.helperProgram(SLIRP), Permission.helperProgram(PASTA)],
    options: optionList(),
  };
}

export function probe(facts: Facts): Fitness {
  if (uplinkProgram(facts) !== '') return { score: 100, reason: 'the machine has a way out for it' };
  return { score: 50, reason: 'without slirp4netns or pasta (and /dev/net/tun) nothing outside is reached' };
}

function check(config: NetworkConfig): DriverError | null {
  const wrong = checkOptions(config);
  return wrong === null ? checkSubnets(config) : wrong;
}

export function validate(config: NetworkConfig, _facts: Facts): UnitResult {
  const wrong = check(config);
  return wrong === null ? UnitResult.ok() : UnitResult.err(wrong);
}

export function createNetwork(config: NetworkConfig, facts: Facts): NetworkResult {
  const wrong = check(config);
  if (wrong !== null) return NetworkResult.err(wrong);
  const subnets = completeSubnets(config, facts);
  if (subnets.length === 0) {
    return NetworkResult.err(
      inUse(
        'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
        'Give one by --subnet, or remove networks that aren’t used: wherry network prune.',
      ),
    );
  }
  const complete = new NetworkConfig();
  complete.id = config.id;
  complete.name = config.name;
  complete.subnets = subnets;
  complete.internal = config.internal;
  complete.ipv4 = config.ipv4;
  complete.ipv6 = config.ipv6;
  complete.options = config.options;
  statePut(networkKey(config.id), subnetText(subnets));
  const name = optionValue(config.options, NAME, '');
  if (name !== '') statePut(nameKey(name), config.id);
  if (!config.internal && uplinkProgram(facts) === '') {
    log('warn', `containers on network ${config.name} reach nothing outside: install slirp4netns or passt`);
  }
  return NetworkResult.ok({ config: complete, steps: networkSteps(complete, facts) });
}

export function removeNetwork(config: NetworkConfig): StepsResult {
  stateRemove(networkKey(config.id));
  const name = optionValue(config.options, NAME, '');
  if (name !== '') stateRemove(nameKey(name));
  return StepsResult.ok(removalSteps(config));
}

export function attach(request: AttachRequest): AttachResult {
  const config = request.network;
  const attachment = new Attachment();
  attachment.interfaceName = request.endpoint.interfaceName;
  attachment.addresses = request.endpoint.addresses;
  attachment.mac = request.endpoint.mac;
  attachment.gateways = config.internal ? [] : gatewaysFor(config, request.endpoint.addresses);
  attachment.nameServers =
    config.name === DEFAULT_NETWORK ? [] : gatewaysFor(config, request.endpoint.addresses);
  attachment.search = [];
  keep(config.id, request.container, attachment);
  return AttachResult.ok({ sharing: 'own', attachment: attachment, steps: attachSteps(request) });
}

export function detach(container: string, network: NetworkConfig, interfaceName: string): StepsResult {
  forget(network.id, container, interfaceName);
  const name = vethName(network.id, container);
  return StepsResult.ok([step(Operation.linkRemove({ namespace: 'shared', name: name }), null)]);
}

export function status(container: string, network: NetworkConfig, interfaceName: string): Attachment | null {
  return kept(network.id, container, interfaceName);
}

export function addPort(container: string, network: NetworkConfig, port: PortMapping): StepsResult {
  const attachment = kept(network.id, container, 'eth0');
  if (attachment === null || attachment.addresses.length === 0) {
    return StepsResult.err(
      notFound(`the container has no address on network ${network.name}`, 'Connect it to the network first.'),
    );
  }
  return StepsResult.ok([forwardStep(network, port, addressOf(attachment.addresses[0]))]);
}

/** A port is carried by a process of the container's own, and goes with it. */
export function removePort(_container: string, _network: NetworkConfig, _port: PortMapping): StepsResult {
  return StepsResult.ok([]);
}
