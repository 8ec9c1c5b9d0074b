/** Generated from wit/ (wherry:driver@0.1.0) by scripts/generate-contract.ts; change that, then generate. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Everything a driver can reach. There is no file, socket, clock, random source or environment. */
export interface Host {
  /** A line for the host's diagnostics (`--log-level`); never shown to the user by default. */
  log(level: LogLevel, message: string): void;
  /**
   * The driver's own key-value space. What a call puts is committed in the same transaction as the plan that the call
   * returns, and forgotten when the call fails or the plan is refused. Keys sort by code unit; at most 255 of them.
   */
  stateGet(key: string): string | undefined;
  statePut(key: string, value: string): void;
  stateRemove(key: string): void;
  /** Keys that begin with `prefix`, sorted. */
  stateList(prefix: string): readonly string[];
}

export interface OpenRequest {
  readonly container: string;
  /** Without a slash in front. */
  readonly containerName: string;
  /** As the user named it, and its id (`sha256:` and 64 digits). */
  readonly image: string;
  readonly imageId: string;
  /** The command line of the container, for a `tag`. */
  readonly command: string;
  /** Labels and environment of the container, from which the options `labels` and `env` choose. */
  readonly labels: readonly KeyValue[];
  readonly env: readonly KeyValue[];
  readonly facts: Facts;
  readonly options: readonly KeyValue[];
}

export type Stream = 'stdout' | 'stderr';

/**
 * A line of output, or a part of one: `text` is without its newline, and `partial` when the rest of it follows. `time` is
 * RFC 3339 in UTC, with at most nine digits of seconds; all parts of a line have the time of the first.
 */
export interface Entry {
  readonly time: string;
  readonly stream: Stream;
  readonly partial: boolean;
  readonly text: Uint8Array;
  readonly attributes: readonly KeyValue[];
}

/** How the log is read back. */
export type Reading =
  /** It can't be: the reason, for the user. */
  | { readonly tag: 'unreadable'; readonly val: string }
  /**
   * The host reads these files, oldest first, and passes over those that aren't there; a name that ends with `.gz` is
   * unpacked. The framing is one that the host knows.
   */
  | { readonly tag: 'files'; readonly val: FileReading }
  /** The bytes of these files, of which each line is a record or several, are handed to `parse`. Oldest first, as above. */
  | { readonly tag: 'parsed'; readonly val: readonly Location[] }
  /** The host asks this machine's journal for the entries with all of these fields (systemd.journal-fields(7)). */
  | { readonly tag: 'journal'; readonly val: readonly KeyValue[] };

export interface FileReading {
  readonly files: readonly Location[];
  readonly framing: Framing;
}

/** A log driver knows where a container's output goes and how it is read back. */
export interface Log {
  /** Always the same answer, and no use of the state: the host asks once, when the driver is installed. */
  describe(): DriverInfo;
  /** No use of the state. */
  probe(facts: Facts): Fitness;
  /** @throws DriverError */
  open(request: OpenRequest): Sink;
  /** @throws DriverError */
  read(request: OpenRequest): Reading;
  /**
   * For the reading `parsed`: whole lines, as many as come at once.
   * @throws DriverError
   */
  parse(bytes: Uint8Array): readonly Entry[];
  /**
   * For `sink` `driver`: takes a batch in; answers with the bytes to append to the container's log file, which is
   * `container:driver.log`. Batches of one container come in order, each once; when the process that calls this is killed, the
   * last one may come to nothing. A call that fails loses its batch, which is counted.
   * @throws DriverError
   */
  write(container: string, batch: readonly Entry[]): Uint8Array;
  /**
   * For `sink` `driver`: the container has ended, and all of its batches have come.
   * @throws DriverError
   */
  close(container: string): void;
}

/** Which network namespace a container on a network of this driver gets. */
export type Sharing =
  /** A new one of its own. */
  | 'own'
  /** The host's. Needs the permission `host-network`. */
  | 'host';

export interface Subnet {
  readonly cidr: string;
  readonly gateway?: string | undefined;
  readonly ipRange?: string | undefined;
}

export interface NetworkConfig {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly subnets: readonly Subnet[];
  readonly internal: boolean;
  /** Whether containers have addresses of IPv4, and of IPv6. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly options: readonly KeyValue[];
}

/** Addresses are leased by the host, from the subnets that the driver's `create-network` settled on. */
export interface Endpoint {
  /** Name of the interface inside, for example `eth0`. */
  readonly interfaceName: string;
  /** In CIDR form. */
  readonly addresses: readonly string[];
  readonly mac?: string | undefined;
  readonly aliases: readonly string[];
}

export interface PortMapping {
  readonly protocol: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface Attachment {
  readonly interfaceName: string;
  readonly addresses: readonly string[];
  readonly mac?: string | undefined;
  readonly gateways: readonly string[];
  readonly nameServers: readonly string[];
  readonly search: readonly string[];
}

export interface AttachRequest {
  readonly container: string;
  readonly network: NetworkConfig;
  readonly endpoint: Endpoint;
  readonly ports: readonly PortMapping[];
  readonly facts: Facts;
  /** What an earlier call for the same (network, container, interface) returned. */
  readonly previous?: Attachment | undefined;
}

export interface AttachPlan {
  readonly sharing: Sharing;
  readonly attachment?: Attachment | undefined;
  readonly steps: readonly Step[];
}

export interface NetworkPlan {
  readonly config: NetworkConfig;
  readonly steps: readonly Step[];
}

/**
 * A network driver knows how a container is joined to a network. Its state is by (network, container, interface). When a
 * container or a network is removed, the host drops what lies under keys that have its id in them.
 */
export interface Network {
  /** Always the same answer, and no use of the state: the host asks once, when the driver is installed. */
  describe(): DriverInfo;
  /** No use of the state. */
  probe(facts: Facts): Fitness;
  /**
   * Checks a configuration and says in one sentence what is wrong with it.
   * @throws DriverError
   */
  validate(config: NetworkConfig, facts: Facts): void;
  /**
   * Completes the configuration (subnet, gateway) and plans what the network needs as a whole. The steps are carried
   * out again, and must succeed, each time the shared namespace is made anew.
   * @throws DriverError
   */
  createNetwork(config: NetworkConfig, facts: Facts): NetworkPlan;
  /** @throws DriverError */
  removeNetwork(config: NetworkConfig): readonly Step[];
  /** @throws DriverError */
  attach(request: AttachRequest): AttachPlan;
  /**
   * Idempotent; succeeds when the container's namespace is gone.
   * @throws DriverError
   */
  detach(container: string, network: NetworkConfig, interfaceName: string): readonly Step[];
  /** None when the container isn't attached. */
  status(container: string, network: NetworkConfig, interfaceName: string): Attachment | undefined;
  /** @throws DriverError */
  addPort(container: string, network: NetworkConfig, port: PortMapping): readonly Step[];
  /** @throws DriverError */
  removePort(container: string, network: NetworkConfig, port: PortMapping): readonly Step[];
}

/** The trees that the host defines. Paths in a plan are relative to one of them. */
export type Root =
  /** The driver's own directory below the state directory. */
  | 'state'
  /** Where layers and the trees of containers of this storage driver lie. */
  | 'layers'
  /** The container's directory: `container:rootfs` is where its root file system is to appear. */
  | 'container'
  /** The per-user directory of run-time files; gone after a reboot. */
  | 'runtime'
  /** The host's file system. Needs the permission `host-path`. */
  | 'host';

/** A path without `..` and without a leading slash, `""` for the root itself. */
export interface Location {
  readonly root: Root;
  readonly path: string;
}

export interface MakeDir {
  readonly at: Location;
  readonly mode: number;
}

/**
 * Copies a tree with owners, modes, times, extended attributes, hard links and holes. `reflink` shares extents where
 * the file system can and copies otherwise.
 */
export interface CopyTree {
  readonly source: Location;
  readonly target: Location;
  readonly reflink: boolean;
}

/** Removes a tree; succeeds when it isn't there. */
export interface RemoveTree {
  readonly at: Location;
}

export interface Rename {
  readonly source: Location;
  readonly target: Location;
}

export interface Symlink {
  readonly target: string;
  readonly at: Location;
}

export interface WriteFile {
  readonly at: Location;
  readonly mode: number;
  readonly content: Uint8Array;
}

/**
 * An overlay file system (Documentation/filesystems/overlayfs.rst of Linux): `lower` from the topmost down. Without
 * `upper` the mount is read-only and takes at least two of `lower`.
 */
export interface OverlayMount {
  readonly lower: readonly Location[];
  readonly upper?: Location | undefined;
  readonly work?: Location | undefined;
  readonly target: Location;
  readonly options: readonly string[];
}

export interface BindMount {
  readonly source: Location;
  readonly target: Location;
  readonly readOnly: boolean;
  readonly recursive: boolean;
}

export interface TmpfsMount {
  readonly target: Location;
  readonly size: string;
  readonly mode: number;
}

/** Which network namespace an operation acts in. */
export type NetworkNamespace =
  /** The container's own. */
  | 'container'
  /** The one namespace a user that holds bridges and uplinks. */
  | 'shared';

export interface Veth {
  readonly peer: string;
  readonly peerNamespace: NetworkNamespace;
}

export interface Vlan {
  readonly parent: string;
  readonly id: number;
}

export type LinkKind =
  | { readonly tag: 'bridge' }
  | { readonly tag: 'veth'; readonly val: Veth }
  | { readonly tag: 'macvlan'; readonly val: string }
  | { readonly tag: 'vlan'; readonly val: Vlan }
  | { readonly tag: 'tap' };

export interface LinkAdd {
  readonly namespace: NetworkNamespace;
  readonly name: string;
  readonly kind: LinkKind;
  /** 0 for the kernel's choice. */
  readonly mtu: number;
  /** Six bytes in hexadecimal with colons; none for the kernel's choice. */
  readonly mac?: string | undefined;
}

export interface LinkSet {
  readonly namespace: NetworkNamespace;
  readonly name: string;
  readonly up: boolean;
  /** The bridge that the link becomes a port of. */
  readonly master?: string | undefined;
  readonly rename?: string | undefined;
}

export interface LinkRemove {
  readonly namespace: NetworkNamespace;
  readonly name: string;
}

/** `address` in CIDR form, IPv4 or IPv6. */
export interface AddrAdd {
  readonly namespace: NetworkNamespace;
  readonly link: string;
  readonly address: string;
}

/** `destination` in CIDR form, `0.0.0.0/0` or `::/0` for the default route. */
export interface RouteAdd {
  readonly namespace: NetworkNamespace;
  readonly destination: string;
  readonly gateway?: string | undefined;
  readonly link?: string | undefined;
}

/** A value below /proc/sys/net of the namespace, `key` with dots. */
export interface SysctlSet {
  readonly namespace: NetworkNamespace;
  readonly key: string;
  readonly value: string;
}

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface Masquerade {
  readonly subnet: string;
  readonly outLinkNot: string;
}

export interface DestinationNat {
  readonly protocol: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly toIp: string;
  readonly toPort: number;
}

export interface Isolate {
  readonly fromLink: string;
  readonly toLink: string;
}

/** The fixed set of firewall rules (nftables). `id` names the rule for its removal. */
export type FirewallRule =
  | { readonly tag: 'masquerade'; readonly val: Masquerade }
  | { readonly tag: 'destination-nat'; readonly val: DestinationNat }
  | { readonly tag: 'isolate'; readonly val: Isolate };

export interface FirewallAdd {
  readonly namespace: NetworkNamespace;
  readonly id: string;
  readonly rule: FirewallRule;
}

export interface FirewallRemove {
  readonly namespace: NetworkNamespace;
  readonly id: string;
}

/**
 * A listening port of the host, one of those that the request has, carried by the container's monitor. Port 0 takes a free
 * one.
 */
export interface Forward {
  readonly protocol: Protocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerIp: string;
  readonly containerPort: number;
}

export type Lifetime = 'container' | 'network';

export type Readiness =
  /**
   * The helper writes a byte to the descriptor whose number takes the place of `{ready-fd}` in an argument, or to the file
   * whose path that of `{ready-path}`, where it closes the descriptors that it is given.
   */
  | { readonly tag: 'ready-descriptor' }
  /** The helper goes to the background itself. */
  | { readonly tag: 'exits' }
  /** This path appears. */
  | { readonly tag: 'path'; readonly val: Location };

/**
 * A program of the host. Needs the permission `helper-program`. In `arguments`, `{netns}` stands for a path to the
 * network namespace, `{pid}` for a process in it, `{runtime}` for the run-time directory. `pasta` and `slirp4netns` are given
 * options, in their long form, that are known to be harmless, and listen on ports alone that the request has.
 */
export interface Helper {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly namespace: NetworkNamespace;
  readonly readiness: Readiness;
  readonly lifetime: Lifetime;
}

/** How a line of a container's output is written. */
export type Framing =
  /** Docker's json-file: one JSON object a line with log, stream, attrs, time. */
  | 'docker-json'
  /** Kubernetes' CRI: time, stream, F or P, text. */
  | 'cri'
  /** Compact length-prefixed records. */
  | 'binary'
  | 'syslog-rfc3164'
  | 'syslog-rfc5424'
  | 'journald'
  | 'gelf'
  | 'fluentd'
  | 'raw';

export interface FileSink {
  readonly at: Location;
  readonly framing: Framing;
  /** A size in bytes at which the file is rotated, `"0"` for never. */
  readonly maxSize: string;
  /** How many files are kept in all, at least 1. */
  readonly maxFiles: number;
  readonly compress: boolean;
  /** Fixed attributes that are added to each record. */
  readonly attributes: readonly KeyValue[];
}

export interface SocketSink {
  /** `unix:/path`, `unixgram:/path`, `udp:host:port`, `tcp:host:port`, `tls:host:port`. Needs the permission `connect`. */
  readonly address: string;
  readonly framing: Framing;
  /**
   * What each message carries. syslog has a use of its own for `facility` (a number), `tag` and `hostname`, and of RFC 5424
   * carries others as structured data; journald takes
   * names of journal fields, gelf those of its record (`host`, `_tag`, …) besides `compression` (`gzip` or `zlib`, for
   * datagrams), fluentd those of its record, besides `tag`
   * and `sub-second` (`true` for times in nanoseconds). An empty `hostname` or `host` is the machine's own.
   * With `tls:`, which is for syslog alone, `tls-ca`, `tls-cert` and `tls-key` are paths of PEM files, and `tls-skip-verify`
   * is `true` where any certificate of the server will do.
   * No message has those that begin with `delivery.`: `messages` that wait at most; milliseconds of `retry-wait` before a lost
   * connection is made anew, of `write-timeout` without progress that end one, and of `renewal` after which one that works is
   * made anew; `max-retries` after which what waits is dropped; `holds` (`true`: the container waits also while there is no
   * connection) and, for fluentd, `acknowledged` (`true`: by the receiver, each).
   */
  readonly attributes: readonly KeyValue[];
  /** Whether a container is kept from starting when nobody can be reached there. */
  readonly required: boolean;
}

/** Where a container's output goes. */
export type Sink =
  | { readonly tag: 'none' }
  | { readonly tag: 'file'; readonly val: FileSink }
  | { readonly tag: 'socket'; readonly val: SocketSink }
  /** Batches are handed to the driver's own `write`. */
  | { readonly tag: 'driver' };

export type Operation =
  | { readonly tag: 'make-dir'; readonly val: MakeDir }
  | { readonly tag: 'copy-tree'; readonly val: CopyTree }
  | { readonly tag: 'remove-tree'; readonly val: RemoveTree }
  | { readonly tag: 'rename'; readonly val: Rename }
  | { readonly tag: 'symlink'; readonly val: Symlink }
  | { readonly tag: 'write-file'; readonly val: WriteFile }
  | { readonly tag: 'overlay-mount'; readonly val: OverlayMount }
  | { readonly tag: 'bind-mount'; readonly val: BindMount }
  | { readonly tag: 'tmpfs-mount'; readonly val: TmpfsMount }
  | { readonly tag: 'link-add'; readonly val: LinkAdd }
  | { readonly tag: 'link-set'; readonly val: LinkSet }
  | { readonly tag: 'link-remove'; readonly val: LinkRemove }
  | { readonly tag: 'addr-add'; readonly val: AddrAdd }
  | { readonly tag: 'route-add'; readonly val: RouteAdd }
  | { readonly tag: 'sysctl-set'; readonly val: SysctlSet }
  | { readonly tag: 'firewall-add'; readonly val: FirewallAdd }
  | { readonly tag: 'firewall-remove'; readonly val: FirewallRemove }
  | { readonly tag: 'forward'; readonly val: Forward }
  | { readonly tag: 'helper'; readonly val: Helper };

/** An operation, and what takes it back when a later one of the same plan fails. */
export interface Step {
  readonly do: Operation;
  readonly undo?: Operation | undefined;
}

/** How deletions in a layer's tar are expressed in the target tree. */
export type WhiteoutStyle =
  /** As overlay does: a character device 0/0, and the attribute `user.overlay.opaque` `y` on a directory. */
  | 'overlay'
  /** The named files are removed from the target, which holds the parent's files. */
  | 'apply';

export interface LayerRequest {
  /**
   * A key of the host's choice for the active snapshot: 1 to 100 letters, digits and `_.:-`, the first no dot, as for
   * every name of a snapshot. It becomes part of paths, so the shorter the better.
   */
  readonly key: string;
  /** Name of the committed parent, when it is known already. */
  readonly parent?: string | undefined;
  readonly facts: Facts;
  readonly options: readonly KeyValue[];
}

export interface LayerPlan {
  readonly steps: readonly Step[];
  readonly target: Location;
  readonly whiteouts: WhiteoutStyle;
}

export interface ContainerRequest {
  /** The container's id. */
  readonly id: string;
  /** The committed layer on top; none for an empty root file system. */
  readonly parent?: string | undefined;
  readonly facts: Facts;
  readonly options: readonly KeyValue[];
}

export interface MountsRequest {
  readonly id: string;
  readonly readOnly: boolean;
  readonly facts: Facts;
  readonly options: readonly KeyValue[];
}

export type SnapshotKind = 'active' | 'committed' | 'container';

export interface Snapshot {
  readonly name: string;
  readonly kind: SnapshotKind;
  readonly parent?: string | undefined;
}

/** What a container changed. */
export type Changes =
  /** A tree that holds nothing but the changes, in this style. */
  | { readonly tag: 'tree'; readonly val: ChangeTree }
  /** The changes are the difference between two whole trees. */
  | { readonly tag: 'compare'; readonly val: TreePair };

export interface ChangeTree {
  readonly at: Location;
  readonly whiteouts: WhiteoutStyle;
}

export interface TreePair {
  readonly lower?: Location | undefined;
  readonly upper: Location;
}

/**
 * A storage driver knows how a stack of layers becomes a root file system.
 *
 * Vocabulary, in the sense of containerd's snapshotters: a *snapshot* is a tree under a key. It is *active* while it is
 * being filled, *committed* once it is a layer that others may build on, and a *view* when it can only be read. All
 * share one key space. A parent isn't removed before its children.
 *
 * Pulling an image with layers L1 (bottom) and L2:
 *
 *     prepare-layer(key "x1", parent none)   → plan, target   the host applies L1's tar to the target
 *     prepare-layer(key "x2", parent none)   → plan, target   at the same time, when `parallel` is true
 *     commit-layer(key "x1", name "L1", parent none)
 *     commit-layer(key "x2", name "L2", parent "L1")
 *
 * Running it:
 *
 *     prepare-container(id "c", parent "L2") → plan           at `create`, once
 *     mounts(id "c")                         → plan           at each start, executed in the container's mount namespace
 *     remove("c")                            → plan           at `rm`
 *
 * A driver that needs the parent's files in the target (it copies, rather than stacks) answers `parallel` false and is
 * called with `parent` set, in order.
 */
export interface Storage {
  /** Always the same answer, and no use of the state: the host asks once, when the driver is installed. */
  describe(): DriverInfo;
  /** No use of the state. */
  probe(facts: Facts): Fitness;
  /** Whether layers of one image may be applied at the same time, each with no parent given. */
  parallel(): boolean;
  /** @throws DriverError */
  prepareLayer(request: LayerRequest): LayerPlan;
  /**
   * Turns the active snapshot `key` into the committed layer `name`. Committing a name that exists is `in-use`.
   * @throws DriverError
   */
  commitLayer(key: string, name: string, parent: string | undefined): readonly Step[];
  /** @throws DriverError */
  prepareContainer(request: ContainerRequest): readonly Step[];
  /**
   * Executed in the container's mount namespace; afterwards the root file system is at `container:rootfs`.
   * @throws DriverError
   */
  mounts(request: MountsRequest): readonly Step[];
  /**
   * Where to look for what a container, or a committed layer, changed with regard to its parent.
   * @throws DriverError
   */
  changed(id: string): Changes;
  /**
   * The trees that belong to this snapshot alone, for measuring its size.
   * @throws DriverError
   */
  usage(name: string): readonly Location[];
  /**
   * Removes a snapshot of any kind. `in-use` while another has it as its parent; nothing to do when it isn't there.
   * @throws DriverError
   */
  remove(name: string): readonly Step[];
  list(): readonly Snapshot[];
  /**
   * Given the names of all that the host still knows, the steps that remove whatever else the driver holds.
   * @throws DriverError
   */
  cleanup(known: readonly string[]): readonly Step[];
}

/** What a person reads: `message` is one sentence on what failed and on what, `hint` one on what to do about it. */
export interface Detail {
  readonly message: string;
  readonly hint: string;
}

export type DriverError =
  | { readonly tag: 'not-found'; readonly val: Detail }
  | { readonly tag: 'in-use'; readonly val: Detail }
  | { readonly tag: 'unsupported'; readonly val: Detail }
  | { readonly tag: 'no-space'; readonly val: Detail }
  | { readonly tag: 'denied'; readonly val: Detail }
  | { readonly tag: 'invalid'; readonly val: Detail }
  | { readonly tag: 'other'; readonly val: Detail };

/** One option as the user gave it (`--storage-opt key=value`, `--log-opt key=value`, `network create -o key=value`). */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export type DriverKind = 'storage' | 'network' | 'log';

export type OptionType = 'text' | 'number' | 'boolean' | 'size' | 'duration';

/** An option that the driver understands; the host refuses any other before the driver is called. */
export interface OptionInfo {
  readonly name: string;
  readonly kind: OptionType;
  readonly default: string;
  readonly help: string;
}

/** What a driver may ask for beyond its own state and the named roots. The user is shown this list at installation. */
export type Permission =
  /** Bind or overlay files below this absolute path of the host. */
  | { readonly tag: 'host-path'; readonly val: string }
  /** Have this program of the host started as a helper (found in PATH, name without a slash). */
  | { readonly tag: 'helper-program'; readonly val: string }
  /** Have a sink connect to this address: `unix:/path`, `udp:host:port`, `tcp:host:port`, `*` for any. */
  | { readonly tag: 'connect'; readonly val: string }
  /** Use the network namespace of the host. */
  | { readonly tag: 'host-network' }
  /** Have block or FUSE file systems mounted through a helper. */
  | { readonly tag: 'block-device' };

export interface DriverInfo {
  /** The word a user types: `overlay`, `bridge`, `json-file`. */
  readonly name: string;
  readonly kind: DriverKind;
  /** Semantic version of the driver. */
  readonly version: string;
  readonly summary: string;
  readonly permissions: readonly Permission[];
  readonly options: readonly OptionInfo[];
}

/** What the host knows of the machine. Gathered by the host, as a driver can look at nothing. */
export interface Facts {
  /** `uname -r`, for example `6.18.44`. */
  readonly kernel: string;
  /** OCI architecture name: `amd64`, `arm64`. */
  readonly architecture: string;
  /** File system that holds `state:`, by the name of mount(8): `ext4`, `xfs`, `btrfs`, `tmpfs`, `nfs`, … */
  readonly stateFilesystem: string;
  /** Whether `cp --reflink` works below `state:`. */
  readonly reflink: boolean;
  /** Whether the kernel mounts overlay in a user namespace with `userxattr`. */
  readonly kernelOverlay: boolean;
  /** Whether overlay takes layers one by one with `fsconfig(2)` `lowerdir+` (Linux 6.8 and later). The launcher mounts the same without it. */
  readonly overlayLowerdirPlus: boolean;
  /** Whether only one user id is mapped. */
  readonly singleId: boolean;
  /** Whether /dev/fuse, /dev/net/tun can be opened. */
  readonly fuse: boolean;
  readonly tun: boolean;
  /** Programs of interest that exist on the host, by name (`pasta`, `slirp4netns`, `fuse-overlayfs`, …). */
  readonly programs: readonly string[];
  /**
   * Destinations in the host's routing table, in CIDR form; a new subnet should avoid them. Of the default routes only
   * IPv6's, `::/0`, is among them.
   */
  readonly routes: readonly string[];
  /** Name servers of the host's resolv.conf. */
  readonly nameServers: readonly string[];
}

/**
 * A probe's answer: 0 means the driver cannot work here, and `reason` says why; the highest score of a kind is the
 * default driver.
 */
export interface Fitness {
  readonly score: number;
  readonly reason: string;
}
