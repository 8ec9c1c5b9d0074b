import type {
  AddrAdd,
  DestinationNat,
  FirewallAdd,
  Forward,
  Helper,
  LinkAdd,
  LinkSet,
  PortMapping,
  RouteAdd,
  SysctlSet,
} from '../plugin/contract.ts';
import {
  checkAddress,
  checkCidr,
  checkLinkName,
  checkListeningPort,
  checkMac,
  checkPort,
} from './address.ts';
import type { Grants } from './grants.ts';
import { checkLocation } from './location.ts';
import { demand } from './refusal.ts';
import { checkPublished, checkUplinkArguments, helperPorts } from './uplink-arguments.ts';

type Kind = 'storage' | 'network' | 'log';

export function checkLinkAdd(link: LinkAdd): void {
  checkLinkName(link.name);
  demand(
    Number.isInteger(link.mtu) && (link.mtu === 0 || (link.mtu >= 68 && link.mtu <= 65536)),
    `${link.mtu} is no MTU`,
  );
  if (link.mac !== undefined) checkMac(link.mac);
  switch (link.kind.tag) {
    case 'veth':
      checkLinkName(link.kind.val.peer);
      break;
    case 'macvlan':
      checkLinkName(link.kind.val);
      break;
    case 'vlan':
      checkLinkName(link.kind.val.parent);
      demand(link.kind.val.id >= 1 && link.kind.val.id <= 4094, `${link.kind.val.id} is no VLAN id`);
      break;
    case 'bridge':
    case 'tap':
      break;
  }
}

export function checkLinkSet(link: LinkSet): void {
  checkLinkName(link.name);
  if (link.master !== undefined) checkLinkName(link.master);
  if (link.rename !== undefined) checkLinkName(link.rename);
}

export function checkAddrAdd(address: AddrAdd): void {
  checkLinkName(address.link);
  checkCidr(address.address);
}

export function checkRouteAdd(route: RouteAdd): void {
  checkCidr(route.destination);
  demand(route.gateway !== undefined || route.link !== undefined, 'a route has neither a gateway nor a link');
  if (route.gateway !== undefined) checkAddress(route.gateway);
  if (route.link !== undefined) checkLinkName(route.link);
}

/** A key below /proc/sys/net, dots between its words, as in `ipv4.conf.eth0.forwarding`. */
export function checkSysctl(sysctl: SysctlSet): void {
  demand(
    /^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(sysctl.key) && sysctl.key.length <= 128,
    `${JSON.stringify(sysctl.key)} is no key of net sysctls`,
  );
  demand(
    /^[\x20-\x7e\t]{0,128}$/.test(sysctl.value),
    `the value of ${sysctl.key} isn't one line of plain text`,
  );
}

export function checkFirewallId(id: string): void {
  demand(/^[A-Za-z0-9_.:-]{1,128}$/.test(id), `${JSON.stringify(id)} is no name of a firewall rule`);
}

export function checkFirewall(rule: FirewallAdd): void {
  checkFirewallId(rule.id);
  switch (rule.rule.tag) {
    case 'masquerade':
      checkCidr(rule.rule.val.subnet);
      checkLinkName(rule.rule.val.outLinkNot);
      break;
    case 'destination-nat':
      checkDestinationNat(rule.rule.val);
      break;
    case 'isolate':
      checkLinkName(rule.rule.val.fromLink);
      checkLinkName(rule.rule.val.toLink);
      break;
  }
}

function checkDestinationNat(nat: DestinationNat): void {
  if (nat.hostIp !== '') checkAddress(nat.hostIp);
  checkAddress(nat.toIp);
  checkPort(nat.hostPort);
  checkPort(nat.toPort);
}

/** @param asked ports that the user published; undefined when nothing is said of them */
export function checkForward(forward: Forward, asked: readonly PortMapping[] | undefined): void {
  if (forward.hostIp !== '') checkAddress(forward.hostIp);
  checkAddress(forward.containerIp);
  checkListeningPort(forward.hostPort);
  checkPort(forward.containerPort);
  if (asked !== undefined) checkPublished(forward, asked);
}

const PLACEHOLDERS: readonly string[] = ['{netns}', '{pid}', '{runtime}', '{ready-fd}', '{ready-path}'];

/** @param asked ports that the user published: a helper listens on no others */
export function checkHelper(
  helper: Helper,
  kind: Kind,
  grants: Grants,
  asked: readonly PortMapping[] = [],
): void {
  demand(
    /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(helper.program),
    `${JSON.stringify(helper.program)} is no name of a program`,
  );
  demand(grants.programs.includes(helper.program), `the program ${helper.program} was not granted to it`);
  for (const argument of helper.arguments) {
    demand(!argument.includes('\0'), `an argument of ${helper.program} has a NUL byte`);
    for (const placeholder of argument.match(/\{[a-z-]+\}/g) ?? []) {
      demand(
        PLACEHOLDERS.includes(placeholder),
        `${placeholder} in an argument of ${helper.program} stands for nothing`,
      );
    }
  }
  checkUplinkArguments(helper);
  for (const port of helperPorts(helper)) checkPublished(port, asked);
  if (helper.readiness.tag === 'path') checkLocation(kind, helper.readiness.val, 'source', grants);
}
