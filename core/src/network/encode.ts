import type { CheckedPlan } from '../plan/check.ts';
import { requireChecked } from '../plan/check.ts';
import { planRefused } from '../plan/refusal.ts';
import { type Roots, resolveLocation } from '../plan/resolve.ts';
import { type HelperPort, helperPorts } from '../plan/uplink-arguments.ts';
import type { Helper, LinkAdd, Operation } from '../plugin/contract.ts';
import type { LinkOperation, NetworkOperation, NetworkPreparation } from '../program/operation.ts';

/** A container's part of one network, and what that network needs as a whole. */
export interface EndpointPlans {
  /** Of `create-network`; carried out unless the network is there already. */
  readonly network: CheckedPlan;
  /** Of `attach`, or of `detach`. */
  readonly endpoint: CheckedPlan;
  /** Whether the steps of `endpoint` are all tried whatever fails. */
  readonly tolerant: boolean;
  /** The core's own settings of the interface, once it is there. */
  readonly settings?: readonly NetworkOperation[];
}

export interface EncodeOptions {
  /** The run-time directory. */
  readonly runtime: string;
  /** The container's directory. */
  readonly directory: string;
  /** Seconds that the shared namespace outlives its last user. */
  readonly linger: number;
  readonly rootsFor: (plan: CheckedPlan) => Roots;
  /** Absolute path of a program of the host; undefined when there is none. */
  readonly findProgram: (name: string) => string | undefined;
}

export interface EncodedNetworks {
  readonly prepare: readonly NetworkPreparation[];
  /** The first operations of the `container` section, while the host's /proc is still there. */
  readonly links: readonly NetworkOperation[];
  /** `key` and value below `net`, for when the container's /proc is there. */
  readonly sysctls: readonly { readonly key: string; readonly value: string }[];
}

/**
 * Puts checked plans of networks into the launcher's operations.
 * @throws WherryError `E_PLAN_REFUSED` for what this version's launcher doesn't execute
 */
export function encodeNetworks(plans: readonly EndpointPlans[], options: EncodeOptions): EncodedNetworks {
  const prepare = new Map<string, NetworkPreparation>();
  const links: NetworkOperation[] = [];
  const sysctls: { readonly key: string; readonly value: string }[] = [];
  const encode = (plan: CheckedPlan): NetworkOperation[] => {
    requireChecked(plan);
    return plan.steps.flatMap(({ do: operation, undo }, index) => {
      const preparations = preparationsOf(operation, plan, index, options);
      if (preparations.length > 0) {
        for (const each of preparations) prepare.set(JSON.stringify(each), each);
        return [];
      }
      if (isLoopback(operation)) return [];
      if (operation.tag === 'sysctl-set' && operation.val.namespace === 'container') {
        sysctls.push(operation.val);
        return [];
      }
      const link = linkOperation(operation);
      if (link === undefined) throw unsupported(plan, index, operation.tag);
      const back = undo === undefined ? undefined : linkOperation(undo);
      return back === undefined ? [link] : [link, { op: 'network-undo', operation: back }];
    });
  };
  for (const { network, endpoint, tolerant, settings = [] } of plans) {
    const whole = encode(network);
    const guard = guardOf(network);
    if (whole.length > 0) {
      links.push(...whole, {
        op: 'network-apply',
        tolerant: false,
        ...(guard === undefined ? {} : { unlessUp: guard }),
      });
    }
    const own = encode(endpoint);
    if (own.length > 0) links.push(...own, { op: 'network-apply', tolerant });
    links.push(...settings);
  }
  return { prepare: ordered([...prepare.values()], links, options), links, sysctls };
}

/** What comes first, and what comes last. */
function ordered(
  prepare: readonly NetworkPreparation[],
  links: NetworkOperation[],
  { runtime, directory, linger }: EncodeOptions,
): readonly NetworkPreparation[] {
  const usesShared =
    prepare.some(({ op }) => op === 'shared-helper') || links.some((operation) => touchesShared(operation));
  const attended = prepare.some(({ op }) => op === 'forward' || op === 'container-helper');
  if (attended) links.push({ op: 'network-ready' });
  return [
    ...(usesShared ? [{ op: 'shared-network', directory: runtime, linger } as const] : []),
    ...prepare,
    ...(attended ? [{ op: 'attendant', runtime, directory } as const] : []),
  ];
}

function touchesShared(operation: NetworkOperation): boolean {
  if (operation.op === 'network-undo') return touchesShared(operation.operation);
  if (operation.op === 'link-add' && operation.kind.type === 'veth') {
    return operation.place === 'shared' || operation.kind.peerPlace === 'shared';
  }
  return 'place' in operation && operation.place === 'shared';
}

/** The link whose being up says that a network is there: the first that its plan adds. */
function guardOf(plan: CheckedPlan): string | undefined {
  for (const { do: operation } of plan.steps) {
    if (operation.tag === 'link-add' && operation.val.namespace === 'shared') return operation.val.name;
  }
  return undefined;
}

/** The core brings up the loopback interface of every container itself. */
function isLoopback(operation: Operation): boolean {
  return (
    operation.tag === 'link-set' && operation.val.namespace === 'container' && operation.val.name === 'lo'
  );
}

function unsupported(plan: CheckedPlan, index: number, what: string): Error {
  return planRefused(
    plan.asker,
    `operation ${index + 1} (${what})`,
    'the launcher of this version has no such operation for networks',
  );
}

function preparationsOf(
  operation: Operation,
  plan: CheckedPlan,
  index: number,
  options: EncodeOptions,
): readonly NetworkPreparation[] {
  if (operation.tag === 'helper') {
    const listens = helperPorts(operation.val).map((port) => forwardOf(port, plan, index));
    return [...listens, helperOf(operation.val, plan, index, options)];
  }
  if (operation.tag !== 'forward') return [];
  return [{ ...forwardOf(operation.val, plan, index), containerIp: operation.val.containerIp }];
}

function forwardOf(
  { protocol, hostIp, hostPort, containerPort }: HelperPort,
  plan: CheckedPlan,
  index: number,
): Extract<NetworkPreparation, { op: 'forward' }> {
  if (protocol === 'sctp') throw unsupported(plan, index, 'forward of sctp');
  return { op: 'forward', protocol, hostIp, hostPort, containerPort };
}

function helperOf(
  helper: Helper,
  plan: CheckedPlan,
  index: number,
  { findProgram, rootsFor }: EncodeOptions,
): NetworkPreparation {
  const { namespace, lifetime, readiness } = helper;
  if ((namespace === 'shared') !== (lifetime === 'network')) throw unsupported(plan, index, 'helper');
  const program = findProgram(helper.program);
  if (program === undefined) {
    throw planRefused(
      plan.asker,
      `operation ${index + 1} (helper)`,
      `${helper.program} is not on this machine`,
    );
  }
  const words = { 'ready-descriptor': 'descriptor', exits: 'exits', path: 'path' } as const;
  const own = {
    program,
    readiness: words[readiness.tag],
    ...(readiness.tag === 'path' ? { readyPath: resolveLocation(readiness.val, rootsFor(plan)) } : {}),
    arguments: helper.arguments,
  };
  if (namespace === 'container') return { op: 'container-helper', ...own };
  return { op: 'shared-helper', slot: `${plan.asker.driver} ${slotNumber(plan, index)}`, ...own };
}

/** Which of its driver's helpers it is. */
function slotNumber(plan: CheckedPlan, index: number): number {
  return plan.steps.slice(0, index).filter(({ do: operation }) => operation.tag === 'helper').length;
}

function linkOperation(operation: Operation): LinkOperation | undefined {
  switch (operation.tag) {
    case 'link-add': {
      const { namespace, name, mtu, mac } = operation.val;
      const kind = kindOf(operation.val);
      return { op: 'link-add', place: namespace, name, kind, mtu, ...(mac === undefined ? {} : { mac }) };
    }
    case 'link-set': {
      const { namespace, name, up, master, rename } = operation.val;
      const more = {
        ...(master === undefined ? {} : { master }),
        ...(rename === undefined ? {} : { rename }),
      };
      return { op: 'link-set', place: namespace, name, up, ...more };
    }
    case 'link-remove':
      return { op: 'link-remove', place: operation.val.namespace, name: operation.val.name };
    case 'addr-add': {
      const { namespace, link, address } = operation.val;
      return { op: 'addr-add', place: namespace, link, address };
    }
    case 'route-add': {
      const { namespace, destination, gateway, link } = operation.val;
      const more = { ...(gateway === undefined ? {} : { gateway }), ...(link === undefined ? {} : { link }) };
      return { op: 'route-add', place: namespace, destination, ...more };
    }
    case 'sysctl-set': {
      const { namespace, key, value } = operation.val;
      return { op: 'net-sysctl', place: namespace, key, value };
    }
    case 'firewall-add':
      return {
        op: 'firewall-add',
        place: operation.val.namespace,
        id: operation.val.id,
        rule: { type: operation.val.rule.tag, ...operation.val.rule.val } as never,
      };
    case 'firewall-remove':
      return { op: 'firewall-remove', place: operation.val.namespace, id: operation.val.id };
    default:
      return undefined;
  }
}

function kindOf({ kind }: LinkAdd): Extract<LinkOperation, { op: 'link-add' }>['kind'] {
  switch (kind.tag) {
    case 'veth':
      return { type: 'veth', peer: kind.val.peer, peerPlace: kind.val.peerNamespace };
    case 'macvlan':
      return { type: 'macvlan', parent: kind.val };
    case 'vlan':
      return { type: 'vlan', parent: kind.val.parent, id: kind.val.id };
    case 'bridge':
    case 'tap':
      return { type: kind.tag };
  }
}
