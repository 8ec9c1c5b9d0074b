/**
 * Numbers of the operations in a launch program, the same as in launcher/src/opcodes.h. A number is never used again for
 * another operation; 0x06xx is kept for links, addresses, routes and firewall rules, 0x07xx for port forwards and helpers,
 * 0x08xx for health checks.
 */
export const OPCODES = {
  section: 0x0001,

  directory: 0x0101,
  'user-namespace': 0x0102,
  'uid-map': 0x0103,
  'gid-map': 0x0104,
  namespace: 0x0105,
  join: 0x0106,
  terminal: 0x0107,
  stdin: 0x0108,
  detach: 0x0109,
  attach: 0x010a,
  'detach-keys': 0x010b,
  'signal-proxy': 0x010c,
  'log-file': 0x010d,
  'stop-signal': 0x010e,
  restart: 0x010f,
  cgroup: 0x0110,
  'log-socket': 0x0111,
  events: 0x0112,
  pidfile: 0x0113,
  'legacy-cgroup': 0x0114,
  'log-helper': 0x0115,
  scope: 0x0116,
  'cgroup-setting': 0x0117,

  'make-dir': 0x0201,
  'copy-tree': 0x0202,
  'remove-tree': 0x0203,
  rename: 0x0204,
  symlink: 0x0205,
  'write-file': 0x0206,

  'rootfs-overlay': 0x0301,
  'rootfs-bind': 0x0302,
  mount: 0x0303,
  bind: 0x0304,
  mask: 0x0305,
  'read-only': 0x0306,
  'rootfs-dir': 0x0307,
  'rootfs-file': 0x0308,
  'rootfs-symlink': 0x0309,
  'pivot-root': 0x030a,
  'copy-up': 0x030b,
  give: 0x030c,
  overlay: 0x030d,
  'share-mount': 0x030e,

  hostname: 0x0401,
  domainname: 0x0402,
  sysctl: 0x0403,
  'loopback-up': 0x0404,

  umask: 0x0501,
  rlimit: 0x0502,
  'oom-score-adj': 0x0503,
  console: 0x0504,
  'working-directory': 0x0505,
  user: 0x0506,
  capabilities: 0x0507,
  'no-new-privileges': 0x0508,
  seccomp: 0x0509,
  environment: 0x050a,
  arguments: 0x050b,
  init: 0x050c,
  execute: 0x050d,
  'own-ids': 0x050e,
  'keep-groups': 0x050f,
  apparmor: 0x0510,
  'files-as': 0x0511,

  'link-add': 0x0601,
  'link-set': 0x0602,
  'link-remove': 0x0603,
  'addr-add': 0x0604,
  'route-add': 0x0605,
  'net-sysctl': 0x0606,
  'firewall-add': 0x0607,
  'firewall-remove': 0x0608,
  'network-apply': 0x0609,

  'shared-network': 0x0701,
  'shared-helper': 0x0702,
  forward: 0x0703,
  'container-helper': 0x0704,
  attendant: 0x0705,
  'network-ready': 0x0706,

  health: 0x0801,
} as const;

export type OperationName = keyof typeof OPCODES;

/** Bits that are set in an opcode beside its number. */
export const FLAGS = {
  /** The operation undoes the one before it, should a later one fail. */
  undo: 0x8000,
  /** A failure is passed over. */
  optional: 0x4000,
} as const;
