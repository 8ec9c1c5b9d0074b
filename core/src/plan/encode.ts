import { messageParts } from '../log/message.ts';
import type { Delivery } from '../log/mode.ts';
import { hostName } from '../platform/host.ts';
import type { BindMount, Operation, OverlayMount, Sink, SocketSink } from '../plugin/contract.ts';
import type {
  ContainerOperation,
  FileOperation,
  MountFlag,
  PrepareStep,
  SettingOperation,
} from '../program/operation.ts';
import { type CheckedPlan, requireChecked } from './check.ts';
import { planRefused } from './refusal.ts';
import { containerPath, type Roots, resolveLocation } from './resolve.ts';

/** A step of preparation that works on files alone. */
export type FileStep = PrepareStep & { readonly do: FileOperation };

/** A checked plan in the launcher's operations. */
export interface EncodedPlan {
  /** On the host's trees, before the container is made. */
  readonly prepare: readonly FileStep[];
  /** In the container's namespaces. */
  readonly container: readonly ContainerOperation[];
}

/**
 * Puts a checked plan into the launcher's operations; only here do locations become paths.
 * @throws WherryError `E_PLAN_REFUSED` for what this version's launcher doesn't execute.
 */
export function encodePlan(plan: CheckedPlan, roots: Roots): EncodedPlan {
  requireChecked(plan);
  const prepare: FileStep[] = [];
  const container: ContainerOperation[] = [];
  for (const [index, step] of plan.steps.entries()) {
    const unsupported = (what: string): Error =>
      planRefused(plan.asker, `operation ${index + 1} (${step.do.tag})`, what);
    const file = fileOperation(step.do, roots);
    if (file === undefined) {
      const operation = containerOperation(step.do, roots);
      if (operation === undefined) throw unsupported('the launcher of this version has no such operation');
      container.push(operation);
      continue;
    }
    const undo = step.undo === undefined ? undefined : fileOperation(step.undo, roots);
    if (step.undo !== undefined && undo === undefined) {
      throw unsupported(`${step.undo.tag} can't undo an operation on files`);
    }
    prepare.push(undo === undefined ? { do: file } : { do: file, undo: [undo] });
  }
  return { prepare, container };
}

/**
 * The file operations of a checked plan alone, as for removing what a container leaves.
 * @throws WherryError `E_PLAN_REFUSED` when there are others.
 */
export function encodeFileOperations(plan: CheckedPlan, roots: Roots): readonly FileOperation[] {
  const { prepare, container } = encodePlan(plan, roots);
  if (container.length > 0) {
    throw planRefused(plan.asker, 'the plan', 'it has operations that need a container, where there is none');
  }
  return prepare.map((step) => step.do);
}

function fileOperation(operation: Operation, roots: Roots): FileOperation | undefined {
  switch (operation.tag) {
    case 'make-dir':
      return { op: 'make-dir', path: resolveLocation(operation.val.at, roots), mode: operation.val.mode };
    case 'copy-tree':
      return {
        op: 'copy-tree',
        source: resolveLocation(operation.val.source, roots),
        target: resolveLocation(operation.val.target, roots),
      };
    case 'remove-tree':
      return { op: 'remove-tree', path: resolveLocation(operation.val.at, roots) };
    case 'rename':
      return {
        op: 'rename',
        source: resolveLocation(operation.val.source, roots),
        target: resolveLocation(operation.val.target, roots),
      };
    case 'symlink':
      return { op: 'symlink', path: resolveLocation(operation.val.at, roots), target: operation.val.target };
    case 'write-file':
      return {
        op: 'write-file',
        path: resolveLocation(operation.val.at, roots),
        mode: operation.val.mode,
        content: operation.val.content,
      };
    default:
      return undefined;
  }
}

function containerOperation(operation: Operation, roots: Roots): ContainerOperation | undefined {
  switch (operation.tag) {
    case 'overlay-mount':
      return overlayOperation(operation.val, roots);
    case 'bind-mount':
      return bindOperation(operation.val, roots);
    case 'tmpfs-mount':
      return {
        op: 'mount',
        type: 'tmpfs',
        source: 'tmpfs',
        target: containerPath(operation.val.target) ?? '/',
        options: [
          `mode=${operation.val.mode.toString(8)}`,
          ...(operation.val.size === '0' ? [] : [`size=${operation.val.size}`]),
        ],
        flags: ['nosuid', 'nodev'],
      };
    case 'link-set': {
      const { namespace, name, up, master, rename } = operation.val;
      const loopback = namespace === 'container' && name === 'lo' && up;
      return loopback && master === undefined && rename === undefined ? { op: 'loopback-up' } : undefined;
    }
    case 'sysctl-set': {
      const { namespace, key, value } = operation.val;
      return namespace === 'container' ? { op: 'sysctl', name: `net.${key}`, value } : undefined;
    }
    default:
      return undefined;
  }
}

function overlayOperation(mount: OverlayMount, roots: Roots): ContainerOperation {
  const { upper, work } = mount;
  return {
    op: 'rootfs-overlay',
    mountpoint: resolveLocation(mount.target, roots),
    lower: mount.lower.map((location) => resolveLocation(location, roots)),
    upper:
      upper === undefined || work === undefined
        ? undefined
        : { upperdir: resolveLocation(upper, roots), workdir: resolveLocation(work, roots) },
    options: mount.options,
  };
}

function bindOperation(mount: BindMount, roots: Roots): ContainerOperation | undefined {
  const source = resolveLocation(mount.source, roots);
  const target = containerPath(mount.target);
  if (target === '/') {
    // The root is made read-only by the core, with everything in place: mount points may have to be made in it.
    return mount.readOnly
      ? undefined
      : { op: 'rootfs-bind', mountpoint: resolveLocation(mount.target, roots), source };
  }
  const flags: readonly MountFlag[] = mount.readOnly ? ['readonly', 'nosuid', 'nodev'] : ['nosuid', 'nodev'];
  return target === undefined
    ? undefined
    : { op: 'bind', source, target, recursive: mount.recursive, flags, propagation: 'rprivate' };
}

/**
 * The setting for a checked sink; none when output isn't kept.
 * @param relay the socket of the process beside the monitor that speaks TLS, or runs a driver's `write`
 * @throws WherryError `E_PLAN_REFUSED` for a sink that this version's launcher doesn't serve.
 */
export function encodeSink(
  plan: CheckedPlan,
  roots: Roots,
  delivery: Delivery,
  relay: string,
): readonly SettingOperation[] {
  requireChecked(plan);
  const { sink } = plan;
  if (sink === undefined || sink.tag === 'none') return [];
  if (sink.tag === 'driver') {
    const parts = { number: 0, subsecond: false, head: new Uint8Array(), fields: new Uint8Array(), pace: {} };
    const to = { address: `unix:${relay}`, framing: 'binary', required: true } as const;
    return [{ op: 'log-socket', ...to, ...delivery, parts }];
  }
  if (sink.tag === 'socket') return [socketOperation(plan, sink.val, delivery, relay)];
  const { at, framing, maxSize, maxFiles, compress, attributes } = sink.val;
  if (framing !== 'docker-json' && framing !== 'cri' && framing !== 'raw' && framing !== 'binary') {
    throw planRefused(plan.asker, 'the sink', `${framing} is a framing for sockets, not for files`);
  }
  return [
    {
      op: 'log-file',
      path: resolveLocation(at, roots),
      framing,
      maxSize: maxSize === '0' ? undefined : Number(maxSize),
      maxFiles,
      compress,
      ...(attributes.length === 0 ? {} : { attributes: attributesJson(sink) }),
    },
  ];
}

function socketOperation(
  plan: CheckedPlan,
  sink: SocketSink,
  delivery: Delivery,
  relay: string,
): SettingOperation {
  const { framing } = sink;
  if (framing === 'docker-json' || framing === 'cri' || framing === 'binary') {
    throw planRefused(plan.asker, 'the sink', `${framing} is a framing for files, not for sockets`);
  }
  const tls = sink.address.startsWith('tls:');
  if (tls && framing !== 'syslog-rfc3164' && framing !== 'syslog-rfc5424') {
    throw planRefused(plan.asker, 'the sink', `${framing} can't be sent by TLS by this version; syslog can`);
  }
  const address = tls ? `unix:${relay}` : sink.address;
  const required = tls || sink.required;
  return { op: 'log-socket', address, framing, required, ...delivery, parts: messageParts(sink, hostName()) };
}

function attributesJson(sink: Extract<Sink, { tag: 'file' }>): string {
  return JSON.stringify(Object.fromEntries(sink.val.attributes.map(({ key, value }) => [key, value])));
}
