import { FLAGS, OPCODES } from './opcode.ts';
import type { FileOperation, LinkOperation, Operation, Program } from './operation.ts';

/** First bytes of every program, and the version of the format that follows them. */
export const MAGIC = 'WHERRYLP';
export const VERSION = 1;

/** The launcher refuses a larger program. */
export const MAX_PROGRAM_BYTES = 16 * 1024 * 1024;

type Argument = string | number | bigint | boolean | Uint8Array | undefined;
type Of<Name extends Operation['op']> = Extract<Operation, { readonly op: Name }>;

/** Arguments of each operation, in the order of launcher/PROGRAM.md; the compiler misses one that has none. */
const ARGUMENTS: {
  readonly [Name in Exclude<Operation['op'], 'network-undo'>]: (operation: Of<Name>) => readonly Argument[];
} = {
  directory: ({ path }) => [path],
  'user-namespace': ({ holder, linger, helpers, denySetgroups }) => [
    holder,
    linger,
    helpers?.newuidmap,
    helpers?.newgidmap,
    denySetgroups,
  ],
  'uid-map': ({ inside, outside, count }) => [inside, outside, count],
  'gid-map': ({ inside, outside, count }) => [inside, outside, count],
  namespace: ({ kind, path }) => [kind, path],
  join: ({ pid, startTime }) => [pid, startTime],
  terminal: () => [],
  stdin: ({ mode }) => [mode],
  detach: () => [],
  attach: ({ stdin, stdout, stderr }) => [stdin, stdout, stderr],
  'detach-keys': ({ keys }) => [keys],
  'signal-proxy': ({ on }) => [on],
  'log-file': ({ path, framing, maxSize, maxFiles, attributes, compress }) => [
    path,
    framing,
    maxSize,
    maxFiles,
    attributes,
    compress ?? false,
  ],
  'log-socket': ({ address, framing, nonBlocking, buffer, required, parts }) => [
    address,
    framing,
    nonBlocking,
    buffer,
    required,
    parts.number,
    parts.subsecond,
    parts.head,
    parts.fields,
    parts.pace.messages ?? 0,
    parts.pace.retryWait ?? 0,
    parts.pace.maxRetries ?? 0,
    parts.pace.writeTimeout ?? 0,
    parts.pace.renewal ?? 0,
    parts.pace.holds ?? false,
    parts.pace.acknowledged ?? false,
  ],
  'log-helper': ({ argv }) => argv,
  'stop-signal': ({ signal }) => [signal],
  restart: ({ policy, maxRetries }) => [policy, maxRetries],
  cgroup: ({ path }) => [path],
  'legacy-cgroup': ({ path, controller }) => [path, controller],
  scope: ({ socket, unit, mount, group, slice, partOf }) => [socket, unit, mount, group, slice, partOf],
  'cgroup-setting': ({ controller, file, value }) => [controller, file, value],
  events: ({ prefix, execId }) => [prefix, execId],
  health: (check) => [
    check.interval,
    check.timeout,
    check.retries,
    check.startPeriod,
    check.startInterval,
    ...check.argv,
  ],
  pidfile: ({ path }) => [path],

  'make-dir': ({ path, mode, uid, gid }) => [path, mode, uid, gid],
  'copy-tree': ({ source, target }) => [source, target],
  'remove-tree': ({ path }) => [path],
  rename: ({ source, target }) => [source, target],
  symlink: ({ path, target }) => [path, target],
  'write-file': ({ path, mode, content }) => [path, mode, content],

  'rootfs-overlay': ({ mountpoint, lower, upper, options }) => [
    mountpoint,
    upper?.upperdir,
    upper?.workdir,
    options.join(','),
    ...lower,
  ],
  'rootfs-bind': ({ mountpoint, source }) => [mountpoint, source],
  mount: ({ type, source, target, options, flags }) => [
    type,
    source,
    target,
    options.join(','),
    flags.join(','),
  ],
  bind: ({ source, target, recursive, flags, propagation, subpath }) => [
    source,
    target,
    recursive,
    flags.join(','),
    propagation,
    ...(subpath === undefined ? [] : [subpath]),
  ],
  'share-mount': ({ namespace, path, target }) => [namespace, path, target],
  mask: ({ path }) => [path],
  'read-only': ({ path }) => [path],
  'rootfs-dir': ({ path, mode, uid, gid }) => [path, mode, uid, gid],
  'rootfs-file': ({ path, mode, content }) => [path, mode, content],
  'rootfs-symlink': ({ path, target }) => [path, target],
  'pivot-root': ({ readOnly }) => [readOnly],
  'copy-up': ({ source, volume }) => [source, volume],
  give: ({ path, uid, gid }) => [path, uid, gid],
  'files-as': ({ uid, gid }) => [uid, gid],
  overlay: ({ target, options, lower }) => [target, undefined, undefined, options.join(','), ...lower],

  hostname: ({ name }) => [name],
  domainname: ({ name }) => [name],
  sysctl: ({ name, value }) => [name, value],
  'loopback-up': () => [],

  umask: ({ mask }) => [mask],
  rlimit: ({ resource, soft, hard }) => [resource, soft, hard],
  'oom-score-adj': ({ value }) => [value],
  apparmor: ({ profile }) => [profile],
  console: ({ device }) => [device],
  'working-directory': ({ path }) => [path],
  user: ({ uid, gid, groups }) => [uid, gid, ...groups],
  capabilities: ({ bounding, effective, permitted, inheritable, ambient }) => [
    bounding,
    effective,
    permitted,
    inheritable,
    ambient,
  ],
  'no-new-privileges': () => [],
  seccomp: ({ flags, filter }) => [flags, filter],
  environment: ({ variables }) => variables,
  arguments: ({ argv }) => argv,
  init: () => [],
  'keep-groups': () => [],
  execute: () => [],
  'own-ids': ({ uids, gids, namespaces = false }) => [
    idMapText(uids),
    idMapText(gids),
    ...(namespaces ? [true] : []),
  ],

  'link-add': ({ place, name, kind, mtu, mac }) => [place, name, ...linkKind(kind), mtu, mac],
  'link-set': ({ place, name, up, master, rename }) => [place, name, up, master, rename],
  'link-remove': ({ place, name }) => [place, name],
  'addr-add': ({ place, link, address }) => [place, link, address],
  'route-add': ({ place, destination, gateway, link }) => [place, destination, gateway, link],
  'net-sysctl': ({ place, key, value }) => [place, key, value],
  'firewall-add': ({ place, id, rule }) => [place, id, ...firewallRule(rule)],
  'firewall-remove': ({ place, id }) => [place, id],
  'network-apply': ({ unlessUp, tolerant }) => [unlessUp, tolerant],
  'shared-network': ({ directory, linger }) => [directory, linger],
  'shared-helper': (helper) => [helper.slot, ...helperArguments(helper)],
  forward: ({ protocol, hostIp, hostPort, containerIp, containerPort }) => [
    protocol,
    hostIp,
    hostPort,
    containerIp,
    containerPort,
  ],
  'container-helper': helperArguments,
  attendant: ({ runtime, directory }) => [runtime, directory],
  'network-ready': () => [],
};

/** As /proc/PID/uid_map takes it. */
function idMapText(extents: Of<'own-ids'>['uids']): string {
  return extents.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}

function helperArguments(helper: Of<'shared-helper' | 'container-helper'>): readonly Argument[] {
  return [helper.program, helper.readiness, helper.readyPath, ...helper.arguments];
}

function linkKind(kind: Of<'link-add'>['kind']): readonly Argument[] {
  switch (kind.type) {
    case 'veth':
      return [kind.type, kind.peer, kind.peerPlace];
    case 'macvlan':
      return [kind.type, kind.parent, undefined];
    case 'vlan':
      return [kind.type, kind.parent, kind.id];
    case 'bridge':
    case 'tap':
      return [kind.type, undefined, undefined];
  }
}

function firewallRule(rule: Of<'firewall-add'>['rule']): readonly Argument[] {
  switch (rule.type) {
    case 'masquerade':
      return [rule.type, rule.subnet, rule.outLinkNot];
    case 'destination-nat':
      return [rule.type, rule.protocol, rule.hostIp, rule.hostPort, rule.toIp, rule.toPort];
    case 'isolate':
      return [rule.type, rule.fromLink, rule.toLink];
  }
}

/**
 * The bytes of a launch program (launcher/PROGRAM.md).
 * @throws RangeError for text with a NUL byte, a number that isn't a safe integer, or a program that is too large.
 */
export function encodeProgram(program: Program): Uint8Array {
  const operations: Buffer[] = [];
  const section = (name: string) => operations.push(encode(OPCODES.section, [name]));
  section('settings');
  for (const operation of program.settings) operations.push(encodeOperation(operation));
  section('prepare');
  for (const step of program.prepare) {
    operations.push(encodeOperation(step.do));
    for (const undo of step.undo ?? []) operations.push(encodeUndo(undo));
  }
  section('container');
  for (const operation of program.container) operations.push(encodeOperation(operation));
  section('cleanup');
  for (const operation of program.cleanup) operations.push(encodeOperation(operation));

  const header = Buffer.alloc(16);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(operations.length, 12);
  const bytes = Buffer.concat([header, ...operations]);
  if (bytes.length > MAX_PROGRAM_BYTES) {
    throw new RangeError(
      `a launch program may have ${MAX_PROGRAM_BYTES} bytes, this one has ${bytes.length}`,
    );
  }
  return bytes;
}

function encodeUndo(operation: FileOperation | LinkOperation): Buffer {
  return encode(OPCODES[operation.op] | FLAGS.undo, argumentsOf(operation));
}

function encodeOperation(operation: Operation): Buffer {
  if (operation.op === 'network-undo') return encodeUndo(operation.operation);
  const optional = 'optional' in operation && operation.optional === true ? FLAGS.optional : 0;
  return encode(OPCODES[operation.op] | optional, argumentsOf(operation));
}

function argumentsOf(operation: Operation): readonly Argument[] {
  // The table's type says so; TypeScript can't follow a union through an index of it.
  const table = ARGUMENTS as unknown as Record<string, (operation: Operation) => readonly Argument[]>;
  return table[operation.op]?.(operation) ?? [];
}

function encode(opcode: number, values: readonly Argument[]): Buffer {
  if (values.length > 0xffff)
    throw new RangeError(`an operation may have 65535 arguments, not ${values.length}`);
  const args = values.map(argumentBytes);
  const length = args.reduce((sum, arg) => sum + 4 + arg.length + 1, 4);
  const bytes = Buffer.alloc(4 + length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt16LE(opcode, 4);
  bytes.writeUInt16LE(args.length, 6);
  let at = 8;
  for (const arg of args) {
    bytes.writeUInt32LE(arg.length, at);
    bytes.set(arg, at + 4);
    at += 4 + arg.length + 1;
  }
  return bytes;
}

/** Numbers as decimal text, booleans as 0 and 1, what is undefined as the empty text. */
function argumentBytes(value: Argument): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value === undefined) return new Uint8Array();
  if (typeof value === 'boolean') return Buffer.from(value ? '1' : '0');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not an integer`);
  }
  const text = String(value);
  if (text.includes('\0')) throw new RangeError(`text with a NUL byte: ${JSON.stringify(text)}`);
  return Buffer.from(text);
}
