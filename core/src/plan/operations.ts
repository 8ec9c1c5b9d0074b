import type { NetworkNamespace, Operation, PortMapping } from '../plugin/contract.ts';
import { checkLinkName } from './address.ts';
import { checkBind, checkMode, checkOverlay, checkTmpfs, checkWriteFile } from './file-operations.ts';
import type { Grants } from './grants.ts';
import { checkLinkTarget, checkLocation } from './location.ts';
import {
  checkAddrAdd,
  checkFirewall,
  checkFirewallId,
  checkForward,
  checkHelper,
  checkLinkAdd,
  checkLinkSet,
  checkRouteAdd,
  checkSysctl,
} from './network-operations.ts';
import { type Asker, demand } from './refusal.ts';

type Kind = Asker['kind'];

/** The network namespace that a plan's operations in `container` act in. */
export type Sharing = 'own' | 'host';

/** What an operation is checked against. */
export interface Context {
  readonly kind: Kind;
  readonly grants: Grants;
  readonly sharing: Sharing;
  /** Ports of the host that the user published; undefined when nothing is said of them. */
  readonly ports: readonly PortMapping[] | undefined;
}

type Tag = Operation['tag'];
type Value<T extends Tag> = Extract<Operation, { readonly tag: T }>['val'];

/** One rule for each operation of the contract; the compiler misses one that has none. */
const RULES: { readonly [T in Tag]: (value: Value<T>, context: Context) => void } = {
  'make-dir': ({ at, mode }, { kind, grants }) => {
    checkLocation(kind, at, 'change', grants);
    checkMode(mode);
  },
  'copy-tree': ({ source, target }, { kind, grants }) => {
    checkLocation(kind, source, 'source', grants);
    checkLocation(kind, target, 'change', grants);
  },
  'remove-tree': ({ at }, { kind, grants }) => checkLocation(kind, at, 'change', grants),
  rename: ({ source, target }, { kind, grants }) => {
    checkLocation(kind, source, 'change', grants);
    checkLocation(kind, target, 'change', grants);
  },
  symlink: ({ at, target }, { kind, grants }) => {
    checkLocation(kind, at, 'change', grants);
    checkLinkTarget(at.path, target);
  },
  'write-file': (file, { kind, grants }) => checkWriteFile(file, kind, grants),
  'overlay-mount': (mount, { kind, grants }) => {
    only(kind, 'storage');
    checkOverlay(mount, kind, grants);
  },
  'bind-mount': (mount, { kind, grants }) => {
    only(kind, 'storage');
    checkBind(mount, kind, grants);
  },
  'tmpfs-mount': (mount, { kind, grants }) => {
    only(kind, 'storage');
    checkTmpfs(mount, kind, grants);
  },
  'link-add': (link, context) => {
    inNetwork(link.namespace, context);
    if (link.kind.tag === 'veth') inNetwork(link.kind.val.peerNamespace, context);
    checkLinkAdd(link);
  },
  'link-set': (link, context) => {
    inNetwork(link.namespace, context);
    checkLinkSet(link);
  },
  'link-remove': (link, context) => {
    inNetwork(link.namespace, context);
    checkLinkName(link.name);
  },
  'addr-add': (address, context) => {
    inNetwork(address.namespace, context);
    checkAddrAdd(address);
  },
  'route-add': (route, context) => {
    inNetwork(route.namespace, context);
    checkRouteAdd(route);
  },
  'sysctl-set': (sysctl, context) => {
    inNetwork(sysctl.namespace, context);
    checkSysctl(sysctl);
  },
  'firewall-add': (rule, context) => {
    inNetwork(rule.namespace, context);
    checkFirewall(rule);
  },
  'firewall-remove': (rule, context) => {
    inNetwork(rule.namespace, context);
    checkFirewallId(rule.id);
  },
  forward: (forward, { kind, ports }) => {
    only(kind, 'network');
    checkForward(forward, ports);
  },
  helper: (helper, { kind, grants, ports }) => {
    only(kind, 'storage', 'network');
    checkHelper(helper, kind, grants, ports);
  },
};

/** @throws Refusal when a driver in this context may not have the operation carried out. */
export function checkOperation<T extends Tag>(
  operation: { readonly tag: T; readonly val: Value<T> },
  context: Context,
): void {
  demand(
    Object.hasOwn(RULES, operation.tag),
    `there is no such operation as ${JSON.stringify(operation.tag)}`,
  );
  RULES[operation.tag](operation.val, context);
}

function only(kind: Kind, ...kinds: readonly Kind[]): void {
  demand(kinds.includes(kind), `a ${kind} driver may not do this`);
}

function inNetwork(namespace: NetworkNamespace, { kind, sharing }: Context): void {
  only(kind, 'network');
  demand(
    namespace === 'shared' || sharing === 'own',
    "the container has the host's network, which a plan may not change",
  );
}
