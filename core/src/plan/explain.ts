import type { Operation, Sink } from '../plugin/contract.ts';
import { type CheckedPlan, requireChecked } from './check.ts';
import { locationText } from './location.ts';

/** A checked plan as lines that a person reads, one an operation. For `--explain`. */
export function explainPlan(plan: CheckedPlan): readonly string[] {
  requireChecked(plan);
  const title = `${plan.asker.kind} driver ${plan.asker.driver}, ${plan.asker.request}:`;
  const lines = plan.steps.map((step) => `  ${operationText(step.do)}`);
  if (plan.sink !== undefined) lines.push(`  ${sinkText(plan.sink)}`);
  return [title, ...(lines.length === 0 ? ['  nothing to do'] : lines)];
}

const mode = (bits: number): string => bits.toString(8).padStart(4, '0');

/** One operation as a line of text. */
export function operationText(operation: Operation): string {
  switch (operation.tag) {
    case 'make-dir':
      return `make directory ${locationText(operation.val.at)} mode ${mode(operation.val.mode)}`;
    case 'copy-tree': {
      const { source, target, reflink } = operation.val;
      return `copy tree ${locationText(source)} to ${locationText(target)}${reflink ? ', sharing extents' : ''}`;
    }
    case 'remove-tree':
      return `remove tree ${locationText(operation.val.at)}`;
    case 'rename':
      return `rename ${locationText(operation.val.source)} to ${locationText(operation.val.target)}`;
    case 'symlink':
      return `symlink ${locationText(operation.val.at)} -> ${operation.val.target}`;
    case 'write-file': {
      const { at, content } = operation.val;
      return `write file ${locationText(at)} mode ${mode(operation.val.mode)}, ${content.length} bytes`;
    }
    case 'overlay-mount': {
      const { lower, upper, target, options } = operation.val;
      const top = upper === undefined ? 'read-only' : `upper ${locationText(upper)}`;
      const with_ = options.length === 0 ? '' : ` (${options.join(',')})`;
      return [
        `mount overlay at ${locationText(target)}${with_}: ${top}`,
        ...lower.map((location) => `    lower ${locationText(location)}`),
      ].join('\n');
    }
    case 'bind-mount': {
      const { source, target, readOnly, recursive } = operation.val;
      const how = `${recursive ? 'recursive ' : ''}${readOnly ? 'read-only ' : ''}`;
      return `mount ${how}bind ${locationText(source)} at ${locationText(target)}`;
    }
    case 'tmpfs-mount': {
      const { target, size } = operation.val;
      return `mount tmpfs at ${locationText(target)} mode ${mode(operation.val.mode)} size ${size}`;
    }
    default:
      return networkText(operation);
  }
}

type FileTag =
  | 'make-dir'
  | 'copy-tree'
  | 'remove-tree'
  | 'rename'
  | 'symlink'
  | 'write-file'
  | 'overlay-mount'
  | 'bind-mount'
  | 'tmpfs-mount';
type NetworkOperation = Exclude<Operation, { readonly tag: FileTag }>;

function networkText(operation: NetworkOperation): string {
  const where = 'namespace' in operation.val ? `in the ${operation.val.namespace} network namespace: ` : '';
  return `${where}${networkAction(operation)}`;
}

function networkAction(operation: NetworkOperation): string {
  switch (operation.tag) {
    case 'link-add': {
      const { name, kind, mtu, mac } = operation.val;
      const with_ = [...(mtu === 0 ? [] : [`mtu ${mtu}`]), ...(mac === undefined ? [] : [`mac ${mac}`])];
      return [`add ${kindText(kind)} ${name}`, ...with_].join(' ');
    }
    case 'link-set': {
      const { name, up, master, rename } = operation.val;
      const changes = [
        up ? 'up' : 'down',
        ...(master === undefined ? [] : [`port of ${master}`]),
        ...(rename === undefined ? [] : [`renamed ${rename}`]),
      ];
      return `set ${name} ${changes.join(', ')}`;
    }
    case 'link-remove':
      return `remove ${operation.val.name}`;
    case 'addr-add':
      return `add address ${operation.val.address} to ${operation.val.link}`;
    case 'route-add': {
      const { destination, gateway, link } = operation.val;
      const via = gateway === undefined ? '' : ` via ${gateway}`;
      return `add route to ${destination}${via}${link === undefined ? '' : ` on ${link}`}`;
    }
    case 'sysctl-set':
      return `set net.${operation.val.key} = ${operation.val.value}`;
    case 'firewall-add':
      return `add firewall rule ${operation.val.id}: ${ruleText(operation.val.rule)}`;
    case 'firewall-remove':
      return `remove firewall rule ${operation.val.id}`;
    case 'forward': {
      const { protocol, hostIp, hostPort, containerIp, containerPort } = operation.val;
      return `forward ${protocol} ${hostIp || '*'}:${hostPort} to ${containerIp}:${containerPort}`;
    }
    case 'helper':
      return `start ${[operation.val.program, ...operation.val.arguments].join(' ')}`;
  }
}

function kindText(kind: Extract<Operation, { tag: 'link-add' }>['val']['kind']): string {
  switch (kind.tag) {
    case 'veth':
      return `veth (peer ${kind.val.peer} in ${kind.val.peerNamespace})`;
    case 'macvlan':
      return `macvlan (on ${kind.val})`;
    case 'vlan':
      return `vlan ${kind.val.id} (on ${kind.val.parent})`;
    case 'bridge':
    case 'tap':
      return kind.tag;
  }
}

function ruleText(rule: Extract<Operation, { tag: 'firewall-add' }>['val']['rule']): string {
  switch (rule.tag) {
    case 'masquerade':
      return `masquerade ${rule.val.subnet} unless it leaves by ${rule.val.outLinkNot}`;
    case 'destination-nat': {
      const { protocol, hostIp, hostPort, toIp, toPort } = rule.val;
      return `${protocol} ${hostIp || '*'}:${hostPort} goes to ${toIp}:${toPort}`;
    }
    case 'isolate':
      return `${rule.val.fromLink} doesn't reach ${rule.val.toLink}`;
  }
}

function sinkText(sink: Sink): string {
  switch (sink.tag) {
    case 'none':
      return 'output is not kept';
    case 'driver':
      return 'output goes to the driver';
    case 'file': {
      const { at, framing, maxSize, maxFiles } = sink.val;
      const kept = maxSize === '0' ? '' : `, rotated at ${maxSize} bytes, ${maxFiles} files`;
      return `output goes to ${locationText(at)} as ${framing}${kept}`;
    }
    case 'socket':
      return `output goes to ${sink.val.address} as ${sink.val.framing}`;
  }
}
