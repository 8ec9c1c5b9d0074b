/// <reference path="./assemblyscript.d.ts" />
/** Generated from wherry:driver@0.1.0 by scripts/generate-contract.ts. */

export class Box<T> {
  value: T;
  constructor(value: T) {
    this.value = value;
  }
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One option as the user gave it (`--storage-opt key=value`, `--log-opt key=value`, `network create -o key=value`). */
export class KeyValue {
  key!: string;
  value!: string;
}

/** What the host knows of the machine. Gathered by the host, as a driver can look at nothing. */
export class Facts {
  kernel!: string;
  architecture!: string;
  stateFilesystem!: string;
  reflink: bool = false;
  kernelOverlay: bool = false;
  overlayLowerdirPlus: bool = false;
  singleId: bool = false;
  fuse: bool = false;
  tun: bool = false;
  programs!: string[];
  routes!: string[];
  nameServers!: string[];
}

export class OpenRequest {
  container!: string;
  containerName!: string;
  image!: string;
  imageId!: string;
  command!: string;
  labels!: KeyValue[];
  env!: KeyValue[];
  facts!: Facts;
  options!: KeyValue[];
}

export type Stream = 'stdout' | 'stderr';

/**
 * A line of output, or a part of one: `text` is without its newline, and `partial` when the rest of it follows. `time` is
 * RFC 3339 in UTC, with at most nine digits of seconds; all parts of a line have the time of the first.
 */
export class Entry {
  time!: string;
  stream!: Stream;
  partial: bool = false;
  text!: Uint8Array;
  attributes!: KeyValue[];
}

/** The trees that the host defines. Paths in a plan are relative to one of them. */
export type Root = 'state' | 'layers' | 'container' | 'runtime' | 'host';

/** A path without `..` and without a leading slash, `""` for the root itself. */
export class Location {
  root!: Root;
  path!: string;
}

/** How a line of a container's output is written. */
export type Framing =
  | 'docker-json'
  | 'cri'
  | 'binary'
  | 'syslog-rfc3164'
  | 'syslog-rfc5424'
  | 'journald'
  | 'gelf'
  | 'fluentd'
  | 'raw';

export class FileReading {
  files!: Location[];
  framing!: Framing;
}

/** How the log is read back. */
export class Reading {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  /** It can't be: the reason, for the user. */
  static unreadable(val: string): Reading {
    return new Reading('unreadable', val);
  }
  asUnreadable(): string {
    return this.val as string;
  }
  /**
   * The host reads these files, oldest first, and passes over those that aren't there; a name that ends with `.gz` is
   * unpacked. The framing is one that the host knows.
   */
  static files(val: FileReading): Reading {
    return new Reading('files', val);
  }
  asFiles(): FileReading {
    return this.val as FileReading;
  }
  /** The bytes of these files, of which each line is a record or several, are handed to `parse`. Oldest first, as above. */
  static parsed(val: Location[]): Reading {
    return new Reading('parsed', val);
  }
  asParsed(): Location[] {
    return this.val as Location[];
  }
  /** The host asks this machine's journal for the entries with all of these fields (systemd.journal-fields(7)). */
  static journal(val: KeyValue[]): Reading {
    return new Reading('journal', val);
  }
  asJournal(): KeyValue[] {
    return this.val as KeyValue[];
  }
}

export type DriverKind = 'storage' | 'network' | 'log';

/** What a driver may ask for beyond its own state and the named roots. The user is shown this list at installation. */
export class Permission {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  /** Bind or overlay files below this absolute path of the host. */
  static hostPath(val: string): Permission {
    return new Permission('host-path', val);
  }
  asHostPath(): string {
    return this.val as string;
  }
  /** Have this program of the host started as a helper (found in PATH, name without a slash). */
  static helperProgram(val: string): Permission {
    return new Permission('helper-program', val);
  }
  asHelperProgram(): string {
    return this.val as string;
  }
  /** Have a sink connect to this address: `unix:/path`, `udp:host:port`, `tcp:host:port`, `*` for any. */
  static connect(val: string): Permission {
    return new Permission('connect', val);
  }
  asConnect(): string {
    return this.val as string;
  }
  /** Use the network namespace of the host. */
  static hostNetwork(): Permission {
    return new Permission('host-network', null);
  }
  /** Have block or FUSE file systems mounted through a helper. */
  static blockDevice(): Permission {
    return new Permission('block-device', null);
  }
}

export type OptionType = 'text' | 'number' | 'boolean' | 'size' | 'duration';

/** An option that the driver understands; the host refuses any other before the driver is called. */
export class OptionInfo {
  name!: string;
  kind!: OptionType;
  default!: string;
  help!: string;
}

export class DriverInfo {
  name!: string;
  kind!: DriverKind;
  version!: string;
  summary!: string;
  permissions!: Permission[];
  options!: OptionInfo[];
}

/**
 * A probe's answer: 0 means the driver cannot work here, and `reason` says why; the highest score of a kind is the
 * default driver.
 */
export class Fitness {
  score: u32 = 0;
  reason!: string;
}

export class FileSink {
  at!: Location;
  framing!: Framing;
  maxSize!: string;
  maxFiles: u32 = 0;
  compress: bool = false;
  attributes!: KeyValue[];
}

export class SocketSink {
  address!: string;
  framing!: Framing;
  attributes!: KeyValue[];
  required: bool = false;
}

/** Where a container's output goes. */
export class Sink {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static none(): Sink {
    return new Sink('none', null);
  }
  static file(val: FileSink): Sink {
    return new Sink('file', val);
  }
  asFile(): FileSink {
    return this.val as FileSink;
  }
  static socket(val: SocketSink): Sink {
    return new Sink('socket', val);
  }
  asSocket(): SocketSink {
    return this.val as SocketSink;
  }
  /** Batches are handed to the driver's own `write`. */
  static driver(): Sink {
    return new Sink('driver', null);
  }
}

/** What a person reads: `message` is one sentence on what failed and on what, `hint` one on what to do about it. */
export class Detail {
  message!: string;
  hint!: string;
}

export class DriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static notFound(val: Detail): DriverError {
    return new DriverError('not-found', val);
  }
  asNotFound(): Detail {
    return this.val as Detail;
  }
  static inUse(val: Detail): DriverError {
    return new DriverError('in-use', val);
  }
  asInUse(): Detail {
    return this.val as Detail;
  }
  static unsupported(val: Detail): DriverError {
    return new DriverError('unsupported', val);
  }
  asUnsupported(): Detail {
    return this.val as Detail;
  }
  static noSpace(val: Detail): DriverError {
    return new DriverError('no-space', val);
  }
  asNoSpace(): Detail {
    return this.val as Detail;
  }
  static denied(val: Detail): DriverError {
    return new DriverError('denied', val);
  }
  asDenied(): Detail {
    return this.val as Detail;
  }
  static invalid(val: Detail): DriverError {
    return new DriverError('invalid', val);
  }
  asInvalid(): Detail {
    return this.val as Detail;
  }
  static other(val: Detail): DriverError {
    return new DriverError('other', val);
  }
  asOther(): Detail {
    return this.val as Detail;
  }
}

export class ResultSinkDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Sink): ResultSinkDriverError {
    return new ResultSinkDriverError('ok', val);
  }
  asOk(): Sink {
    return this.val as Sink;
  }
  static err(val: DriverError): ResultSinkDriverError {
    return new ResultSinkDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultReadingDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Reading): ResultReadingDriverError {
    return new ResultReadingDriverError('ok', val);
  }
  asOk(): Reading {
    return this.val as Reading;
  }
  static err(val: DriverError): ResultReadingDriverError {
    return new ResultReadingDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultListEntryDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Entry[]): ResultListEntryDriverError {
    return new ResultListEntryDriverError('ok', val);
  }
  asOk(): Entry[] {
    return this.val as Entry[];
  }
  static err(val: DriverError): ResultListEntryDriverError {
    return new ResultListEntryDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultListU8DriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Uint8Array): ResultListU8DriverError {
    return new ResultListU8DriverError('ok', val);
  }
  asOk(): Uint8Array {
    return this.val as Uint8Array;
  }
  static err(val: DriverError): ResultListU8DriverError {
    return new ResultListU8DriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultUnitDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(): ResultUnitDriverError {
    return new ResultUnitDriverError('ok', null);
  }
  static err(val: DriverError): ResultUnitDriverError {
    return new ResultUnitDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

/** Which network namespace a container on a network of this driver gets. */
export type Sharing = 'own' | 'host';

export class Subnet {
  cidr!: string;
  gateway: string | null = null;
  ipRange: string | null = null;
}

export class NetworkConfig {
  id!: string;
  name!: string;
  subnets!: Subnet[];
  internal: bool = false;
  ipv4: bool = false;
  ipv6: bool = false;
  options!: KeyValue[];
}

/** Addresses are leased by the host, from the subnets that the driver's `create-network` settled on. */
export class Endpoint {
  interfaceName!: string;
  addresses!: string[];
  mac: string | null = null;
  aliases!: string[];
}

export type Protocol = 'tcp' | 'udp' | 'sctp';

export class PortMapping {
  protocol!: Protocol;
  hostIp!: string;
  hostPort: u16 = 0;
  containerPort: u16 = 0;
}

export class Attachment {
  interfaceName!: string;
  addresses!: string[];
  mac: string | null = null;
  gateways!: string[];
  nameServers!: string[];
  search!: string[];
}

export class AttachRequest {
  container!: string;
  network!: NetworkConfig;
  endpoint!: Endpoint;
  ports!: PortMapping[];
  facts!: Facts;
  previous: Attachment | null = null;
}

export class MakeDir {
  at!: Location;
  mode: u32 = 0;
}

/**
 * Copies a tree with owners, modes, times, extended attributes, hard links and holes. `reflink` shares extents where
 * the file system can and copies otherwise.
 */
export class CopyTree {
  source!: Location;
  target!: Location;
  reflink: bool = false;
}

/** Removes a tree; succeeds when it isn't there. */
export class RemoveTree {
  at!: Location;
}

export class Rename {
  source!: Location;
  target!: Location;
}

export class Symlink {
  target!: string;
  at!: Location;
}

export class WriteFile {
  at!: Location;
  mode: u32 = 0;
  content!: Uint8Array;
}

/**
 * An overlay file system (Documentation/filesystems/overlayfs.rst of Linux): `lower` from the topmost down. Without
 * `upper` the mount is read-only and takes at least two of `lower`.
 */
export class OverlayMount {
  lower!: Location[];
  upper: Location | null = null;
  work: Location | null = null;
  target!: Location;
  options!: string[];
}

export class BindMount {
  source!: Location;
  target!: Location;
  readOnly: bool = false;
  recursive: bool = false;
}

export class TmpfsMount {
  target!: Location;
  size!: string;
  mode: u32 = 0;
}

/** Which network namespace an operation acts in. */
export type NetworkNamespace = 'container' | 'shared';

export class Veth {
  peer!: string;
  peerNamespace!: NetworkNamespace;
}

export class Vlan {
  parent!: string;
  id: u32 = 0;
}

export class LinkKind {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static bridge(): LinkKind {
    return new LinkKind('bridge', null);
  }
  static veth(val: Veth): LinkKind {
    return new LinkKind('veth', val);
  }
  asVeth(): Veth {
    return this.val as Veth;
  }
  static macvlan(val: string): LinkKind {
    return new LinkKind('macvlan', val);
  }
  asMacvlan(): string {
    return this.val as string;
  }
  static vlan(val: Vlan): LinkKind {
    return new LinkKind('vlan', val);
  }
  asVlan(): Vlan {
    return this.val as Vlan;
  }
  static tap(): LinkKind {
    return new LinkKind('tap', null);
  }
}

export class LinkAdd {
  namespace!: NetworkNamespace;
  name!: string;
  kind!: LinkKind;
  mtu: u32 = 0;
  mac: string | null = null;
}

export class LinkSet {
  namespace!: NetworkNamespace;
  name!: string;
  up: bool = false;
  master: string | null = null;
  rename: string | null = null;
}

export class LinkRemove {
  namespace!: NetworkNamespace;
  name!: string;
}

/** `address` in CIDR form, IPv4 or IPv6. */
export class AddrAdd {
  namespace!: NetworkNamespace;
  link!: string;
  address!: string;
}

/** `destination` in CIDR form, `0.0.0.0/0` or `::/0` for the default route. */
export class RouteAdd {
  namespace!: NetworkNamespace;
  destination!: string;
  gateway: string | null = null;
  link: string | null = null;
}

/** A value below /proc/sys/net of the namespace, `key` with dots. */
export class SysctlSet {
  namespace!: NetworkNamespace;
  key!: string;
  value!: string;
}

export class Masquerade {
  subnet!: string;
  outLinkNot!: string;
}

export class DestinationNat {
  protocol!: Protocol;
  hostIp!: string;
  hostPort: u16 = 0;
  toIp!: string;
  toPort: u16 = 0;
}

export class Isolate {
  fromLink!: string;
  toLink!: string;
}

/** The fixed set of firewall rules (nftables). `id` names the rule for its removal. */
export class FirewallRule {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static masquerade(val: Masquerade): FirewallRule {
    return new FirewallRule('masquerade', val);
  }
  asMasquerade(): Masquerade {
    return this.val as Masquerade;
  }
  static destinationNat(val: DestinationNat): FirewallRule {
    return new FirewallRule('destination-nat', val);
  }
  asDestinationNat(): DestinationNat {
    return this.val as DestinationNat;
  }
  static isolate(val: Isolate): FirewallRule {
    return new FirewallRule('isolate', val);
  }
  asIsolate(): Isolate {
    return this.val as Isolate;
  }
}

export class FirewallAdd {
  namespace!: NetworkNamespace;
  id!: string;
  rule!: FirewallRule;
}

export class FirewallRemove {
  namespace!: NetworkNamespace;
  id!: string;
}

/**
 * A listening port of the host, one of those that the request has, carried by the container's monitor. Port 0 takes a free
 * one.
 */
export class Forward {
  protocol!: Protocol;
  hostIp!: string;
  hostPort: u16 = 0;
  containerIp!: string;
  containerPort: u16 = 0;
}

export class Readiness {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  /**
   * The helper writes a byte to the descriptor whose number takes the place of `{ready-fd}` in an argument, or to the file
   * whose path that of `{ready-path}`, where it closes the descriptors that it is given.
   */
  static readyDescriptor(): Readiness {
    return new Readiness('ready-descriptor', null);
  }
  /** The helper goes to the background itself. */
  static exits(): Readiness {
    return new Readiness('exits', null);
  }
  /** This path appears. */
  static path(val: Location): Readiness {
    return new Readiness('path', val);
  }
  asPath(): Location {
    return this.val as Location;
  }
}

export type Lifetime = 'container' | 'network';

/**
 * A program of the host. Needs the permission `helper-program`. In `arguments`, `{netns}` stands for a path to the
 * network namespace, `{pid}` for a process in it, `{runtime}` for the run-time directory. `pasta` and `slirp4netns` are given
 * options, in their long form, that are known to be harmless, and listen on ports alone that the request has.
 */
export class Helper {
  program!: string;
  arguments!: string[];
  namespace!: NetworkNamespace;
  readiness!: Readiness;
  lifetime!: Lifetime;
}

export class Operation {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static makeDir(val: MakeDir): Operation {
    return new Operation('make-dir', val);
  }
  asMakeDir(): MakeDir {
    return this.val as MakeDir;
  }
  static copyTree(val: CopyTree): Operation {
    return new Operation('copy-tree', val);
  }
  asCopyTree(): CopyTree {
    return this.val as CopyTree;
  }
  static removeTree(val: RemoveTree): Operation {
    return new Operation('remove-tree', val);
  }
  asRemoveTree(): RemoveTree {
    return this.val as RemoveTree;
  }
  static rename(val: Rename): Operation {
    return new Operation('rename', val);
  }
  asRename(): Rename {
    return this.val as Rename;
  }
  static symlink(val: Symlink): Operation {
    return new Operation('symlink', val);
  }
  asSymlink(): Symlink {
    return this.val as Symlink;
  }
  static writeFile(val: WriteFile): Operation {
    return new Operation('write-file', val);
  }
  asWriteFile(): WriteFile {
    return this.val as WriteFile;
  }
  static overlayMount(val: OverlayMount): Operation {
    return new Operation('overlay-mount', val);
  }
  asOverlayMount(): OverlayMount {
    return this.val as OverlayMount;
  }
  static bindMount(val: BindMount): Operation {
    return new Operation('bind-mount', val);
  }
  asBindMount(): BindMount {
    return this.val as BindMount;
  }
  static tmpfsMount(val: TmpfsMount): Operation {
    return new Operation('tmpfs-mount', val);
  }
  asTmpfsMount(): TmpfsMount {
    return this.val as TmpfsMount;
  }
  static linkAdd(val: LinkAdd): Operation {
    return new Operation('link-add', val);
  }
  asLinkAdd(): LinkAdd {
    return this.val as LinkAdd;
  }
  static linkSet(val: LinkSet): Operation {
    return new Operation('link-set', val);
  }
  asLinkSet(): LinkSet {
    return this.val as LinkSet;
  }
  static linkRemove(val: LinkRemove): Operation {
    return new Operation('link-remove', val);
  }
  asLinkRemove(): LinkRemove {
    return this.val as LinkRemove;
  }
  static addrAdd(val: AddrAdd): Operation {
    return new Operation('addr-add', val);
  }
  asAddrAdd(): AddrAdd {
    return this.val as AddrAdd;
  }
  static routeAdd(val: RouteAdd): Operation {
    return new Operation('route-add', val);
  }
  asRouteAdd(): RouteAdd {
    return this.val as RouteAdd;
  }
  static sysctlSet(val: SysctlSet): Operation {
    return new Operation('sysctl-set', val);
  }
  asSysctlSet(): SysctlSet {
    return this.val as SysctlSet;
  }
  static firewallAdd(val: FirewallAdd): Operation {
    return new Operation('firewall-add', val);
  }
  asFirewallAdd(): FirewallAdd {
    return this.val as FirewallAdd;
  }
  static firewallRemove(val: FirewallRemove): Operation {
    return new Operation('firewall-remove', val);
  }
  asFirewallRemove(): FirewallRemove {
    return this.val as FirewallRemove;
  }
  static forward(val: Forward): Operation {
    return new Operation('forward', val);
  }
  asForward(): Forward {
    return this.val as Forward;
  }
  static helper(val: Helper): Operation {
    return new Operation('helper', val);
  }
  asHelper(): Helper {
    return this.val as Helper;
  }
}

/** An operation, and what takes it back when a later one of the same plan fails. */
export class Step {
  do!: Operation;
  undo: Operation | null = null;
}

export class AttachPlan {
  sharing!: Sharing;
  attachment: Attachment | null = null;
  steps!: Step[];
}

export class NetworkPlan {
  config!: NetworkConfig;
  steps!: Step[];
}

export class ResultNetworkPlanDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: NetworkPlan): ResultNetworkPlanDriverError {
    return new ResultNetworkPlanDriverError('ok', val);
  }
  asOk(): NetworkPlan {
    return this.val as NetworkPlan;
  }
  static err(val: DriverError): ResultNetworkPlanDriverError {
    return new ResultNetworkPlanDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultListStepDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Step[]): ResultListStepDriverError {
    return new ResultListStepDriverError('ok', val);
  }
  asOk(): Step[] {
    return this.val as Step[];
  }
  static err(val: DriverError): ResultListStepDriverError {
    return new ResultListStepDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultAttachPlanDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: AttachPlan): ResultAttachPlanDriverError {
    return new ResultAttachPlanDriverError('ok', val);
  }
  asOk(): AttachPlan {
    return this.val as AttachPlan;
  }
  static err(val: DriverError): ResultAttachPlanDriverError {
    return new ResultAttachPlanDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

/** How deletions in a layer's tar are expressed in the target tree. */
export type WhiteoutStyle = 'overlay' | 'apply';

export class LayerRequest {
  key!: string;
  parent: string | null = null;
  facts!: Facts;
  options!: KeyValue[];
}

export class LayerPlan {
  steps!: Step[];
  target!: Location;
  whiteouts!: WhiteoutStyle;
}

export class ContainerRequest {
  id!: string;
  parent: string | null = null;
  facts!: Facts;
  options!: KeyValue[];
}

export class MountsRequest {
  id!: string;
  readOnly: bool = false;
  facts!: Facts;
  options!: KeyValue[];
}

export type SnapshotKind = 'active' | 'committed' | 'container';

export class Snapshot {
  name!: string;
  kind!: SnapshotKind;
  parent: string | null = null;
}

export class ChangeTree {
  at!: Location;
  whiteouts!: WhiteoutStyle;
}

export class TreePair {
  lower: Location | null = null;
  upper!: Location;
}

/** What a container changed. */
export class Changes {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  /** A tree that holds nothing but the changes, in this style. */
  static tree(val: ChangeTree): Changes {
    return new Changes('tree', val);
  }
  asTree(): ChangeTree {
    return this.val as ChangeTree;
  }
  /** The changes are the difference between two whole trees. */
  static compare(val: TreePair): Changes {
    return new Changes('compare', val);
  }
  asCompare(): TreePair {
    return this.val as TreePair;
  }
}

export class ResultLayerPlanDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: LayerPlan): ResultLayerPlanDriverError {
    return new ResultLayerPlanDriverError('ok', val);
  }
  asOk(): LayerPlan {
    return this.val as LayerPlan;
  }
  static err(val: DriverError): ResultLayerPlanDriverError {
    return new ResultLayerPlanDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultChangesDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Changes): ResultChangesDriverError {
    return new ResultChangesDriverError('ok', val);
  }
  asOk(): Changes {
    return this.val as Changes;
  }
  static err(val: DriverError): ResultChangesDriverError {
    return new ResultChangesDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}

export class ResultListLocationDriverError {
  tag: string;
  val: unknown;
  constructor(tag: string, val: unknown) {
    this.tag = tag;
    this.val = val;
  }
  static ok(val: Location[]): ResultListLocationDriverError {
    return new ResultListLocationDriverError('ok', val);
  }
  asOk(): Location[] {
    return this.val as Location[];
  }
  static err(val: DriverError): ResultListLocationDriverError {
    return new ResultListLocationDriverError('err', val);
  }
  asErr(): DriverError {
    return this.val as DriverError;
  }
}
