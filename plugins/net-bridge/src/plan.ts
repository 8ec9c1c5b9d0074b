import { optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import { step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  type AttachRequest,
  type Facts,
  FirewallRule,
  LinkKind,
  type NetworkConfig,
  Operation,
  type PortMapping,
  type Step,
} from '@wherry/sdk-assemblyscript/guest/types.ts';
import {
  hasIPv6,
  UplinkAddresses,
  uplinkHelper,
  uplinkProgram,
} from '@wherry/sdk-assemblyscript/guest/uplink.ts';
import { addressOf, isIPv6, prefixOf } from './cidr.ts';
import { bridgeMac, bridgeName, vethName, vethPrefix } from './names.ts';
import { DEFAULT_MTU, HOST_BINDING, ICC, MASQUERADE, MTU } from './options.ts';
import { UPLINK_CIDR } from './subnets.ts';

const NO_UNDO: Operation | null = null;

function mtuOf(config: NetworkConfig): u32 {
  return parseInt(optionValue(config.options, MTU, DEFAULT_MTU), 10) as u32;
}

function rule(id: string, what: FirewallRule): Step {
  const undo = Operation.firewallRemove({ namespace: 'shared', id: id });
  return step(Operation.firewallAdd({ namespace: 'shared', id: id, rule: what }), undo);
}

function apart(id: string, from: string, to: string): Step {
  return rule(id, FirewallRule.isolate({ fromLink: from, toLink: to }));
}

/** Ids of the rules of a network, in the order in which they are added. */
export function ruleIds(config: NetworkConfig): string[] {
  const id = config.id.substring(0, 12);
  const ids: string[] = [];
  if (config.internal) {
    ids.push(`out:${id}`);
    ids.push(`in:${id}`);
  } else {
    ids.push(`isolate:${id}`);
    if (optionValue(config.options, MASQUERADE, 'true') === 'true') {
      for (let i = 0; i < config.subnets.length; i++) ids.push(`masquerade:${id}:${i.toString()}`);
    }
  }
  if (optionValue(config.options, ICC, 'true') !== 'true') ids.push(`icc:${id}`);
  return ids;
}

function rules(config: NetworkConfig): Step[] {
  const bridge = bridgeName(config);
  const steps: Step[] = [];
  const ids = ruleIds(config);
  let subnet = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id.startsWith('out:')) steps.push(apart(id, bridge, '*'));
    else if (id.startsWith('in:')) steps.push(apart(id, '*', bridge));
    else if (id.startsWith('isolate:')) steps.push(apart(id, bridge, 'br-*'));
    else if (id.startsWith('icc:')) {
      const ports = `${vethPrefix(config.id)}*`;
      steps.push(apart(id, ports, ports));
    } else {
      const cidr = config.subnets[subnet].cidr;
      steps.push(rule(id, FirewallRule.masquerade({ subnet: cidr, outLinkNot: bridge })));
      subnet++;
    }
  }
  return steps;
}

function uplink(facts: Facts): Step | null {
  const program = uplinkProgram(facts);
  if (program === '') return null;
  const addresses = new UplinkAddresses();
  addresses.cidr = UPLINK_CIDR;
  addresses.prefix = '24';
  addresses.address = '10.0.2.100';
  addresses.gateway = '10.0.2.2';
  addresses.nameServer = '10.0.2.3';
  const helper = uplinkHelper(program, 'shared', 'network', DEFAULT_MTU, addresses, hasIPv6(facts), []);
  return step(Operation.helper(helper), NO_UNDO);
}

/** The bridge, its addresses and rules. It is brought up last: a bridge that is up is complete. */
export function networkSteps(config: NetworkConfig, facts: Facts): Step[] {
  const bridge = bridgeName(config);
  const steps: Step[] = [];
  if (!config.internal) {
    const way = uplink(facts);
    if (way !== null) steps.push(way);
  }
  const remove = Operation.linkRemove({ namespace: 'shared', name: bridge });
  const add = Operation.linkAdd({
    namespace: 'shared',
    name: bridge,
    kind: LinkKind.bridge(),
    mtu: mtuOf(config),
    mac: bridgeMac(config.id),
  });
  steps.push(step(add, remove));
  // Routers are advertised by the uplink alone, never by a container.
  const deaf = Operation.sysctlSet({ namespace: 'shared', key: `ipv6.conf.${bridge}.accept_ra`, value: '0' });
  steps.push(step(deaf, NO_UNDO));
  for (let i = 0; i < config.subnets.length; i++) {
    const subnet = config.subnets[i];
    const gateway = subnet.gateway;
    if (gateway === null) continue;
    const address = `${gateway}/${prefixOf(subnet.cidr)}`;
    steps.push(step(Operation.addrAdd({ namespace: 'shared', link: bridge, address: address }), NO_UNDO));
  }
  const all = rules(config);
  for (let i = 0; i < all.length; i++) steps.push(all[i]);
  steps.push(
    step(
      Operation.linkSet({ namespace: 'shared', name: bridge, up: true, master: null, rename: null }),
      NO_UNDO,
    ),
  );
  return steps;
}

export function removalSteps(config: NetworkConfig): Step[] {
  const steps: Step[] = [];
  const ids = ruleIds(config);
  for (let i = 0; i < ids.length; i++) {
    steps.push(step(Operation.firewallRemove({ namespace: 'shared', id: ids[i] }), NO_UNDO));
  }
  const bridge = bridgeName(config);
  steps.push(step(Operation.linkRemove({ namespace: 'shared', name: bridge }), NO_UNDO));
  return steps;
}

/** Gateways of the families that the container has an address of. */
export function gatewaysFor(config: NetworkConfig, addresses: string[]): string[] {
  const gateways: string[] = [];
  for (let i = 0; i < config.subnets.length; i++) {
    const gateway = config.subnets[i].gateway;
    if (gateway === null) continue;
    for (let j = 0; j < addresses.length; j++) {
      if (isIPv6(addresses[j]) === isIPv6(gateway)) {
        gateways.push(gateway);
        break;
      }
    }
  }
  return gateways;
}

export function forwardStep(config: NetworkConfig, port: PortMapping, address: string): Step {
  const host = port.hostIp === '' ? optionValue(config.options, HOST_BINDING, '') : port.hostIp;
  const forward = Operation.forward({
    protocol: port.protocol,
    hostIp: host,
    hostPort: port.hostPort,
    containerIp: address,
    containerPort: port.containerPort,
  });
  return step(forward, NO_UNDO);
}

/**
 * One end of a veth pair in the container, made from there so that the hardware address is that end's; the other is a
 * port of the bridge.
 */
export function attachSteps(request: AttachRequest): Step[] {
  const config = request.network;
  const endpoint = request.endpoint;
  const name = endpoint.interfaceName;
  const peer = vethName(config.id, request.container);
  const steps: Step[] = [];
  const add = Operation.linkAdd({
    namespace: 'container',
    name: name,
    kind: LinkKind.veth({ peer: peer, peerNamespace: 'shared' }),
    mtu: mtuOf(config),
    mac: endpoint.mac,
  });
  steps.push(step(add, Operation.linkRemove({ namespace: 'shared', name: peer })));
  const port = Operation.linkSet({
    namespace: 'shared',
    name: peer,
    up: true,
    master: bridgeName(config),
    rename: null,
  });
  steps.push(step(port, NO_UNDO));
  for (let i = 0; i < endpoint.addresses.length; i++) {
    const address = Operation.addrAdd({
      namespace: 'container',
      link: name,
      address: endpoint.addresses[i],
    });
    steps.push(step(address, NO_UNDO));
  }
  const up = Operation.linkSet({ namespace: 'container', name: name, up: true, master: null, rename: null });
  steps.push(step(up, NO_UNDO));
  if (!config.internal) {
    const gateways = gatewaysFor(config, endpoint.addresses);
    for (let i = 0; i < gateways.length; i++) {
      const route = Operation.routeAdd({
        namespace: 'container',
        destination: isIPv6(gateways[i]) ? '::/0' : '0.0.0.0/0',
        gateway: gateways[i],
        link: name,
      });
      steps.push(step(route, NO_UNDO));
    }
  }
  if (endpoint.addresses.length > 0) {
    const address = addressOf(endpoint.addresses[0]);
    for (let i = 0; i < request.ports.length; i++) {
      steps.push(forwardStep(config, request.ports[i], address));
    }
  }
  return steps;
}
