import * as Flags from '@oclif/core/flags';
import { refusedFlags as refusedByClient } from '@wherry/core/argument';
import { WherryError } from '@wherry/core/errors';

/** A flag of Docker's that Wherry knows and doesn't take, but for values that ask for nothing. */
interface Refused {
  readonly summary: string;
  readonly char?: 'l';
  /** Values that are how it is anyway. */
  readonly harmless?: readonly string[];
  readonly list?: true;
  readonly boolean?: true;
  /** What Docker's client can read, and what it says of anything else. */
  readonly form?: RegExp;
  readonly misread?: (value: string) => string;
  /** Why, after the flag and its value. */
  readonly reason: string;
  readonly hint: string;
}

const WINDOWS = {
  harmless: ['0', ''],
  reason: 'is for containers of Windows alone',
  hint: 'Leave it out; --cpus and --device-write-bps and the like limit a container of Linux.',
} as const;

/** Flags of a command that are refused by name. */
export type RefusedFlags = Readonly<Record<string, Refused>>;

/** Those of `run` and `create`. */
export const REFUSED_BY_CREATE: RefusedFlags = {
  'cpu-count': { summary: 'CPU count (Windows only)', ...WINDOWS },
  'cpu-percent': { summary: 'CPU percent (Windows only)', ...WINDOWS },
  'io-maxbandwidth': {
    summary: 'Maximum IO bandwidth limit for the system drive (Windows only)',
    ...WINDOWS,
  },
  'io-maxiops': { summary: 'Maximum IOps limit for the system drive (Windows only)', ...WINDOWS },
  'device-cgroup-rule': {
    summary: 'Add a rule to the cgroup allowed devices list',
    list: true,
    form: /^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/,
    misread: (value) =>
      `invalid argument ${JSON.stringify(value)} for "--device-cgroup-rule" flag: invalid device cgroup format '${value}'`,
    reason: "can't be had: the rules are a BPF program, and loading one takes privilege",
    hint: 'A container has the devices that --device names and you may open yourself.',
  },
  'disable-content-trust': {
    summary: 'Skip image verification (default true)',
    boolean: true,
    harmless: ['true'],
    reason: "can't be had: there are no signatures of Notary here",
    hint: 'Name the image by its digest, NAME@sha256:..., which is always verified.',
  },
  gpus: {
    summary: "GPU devices to add to the container ('all' to pass all GPUs)",
    harmless: [''],
    reason: 'could not select device driver "" with capabilities: [[gpu]]',
    hint: 'Give the nodes by --device /dev/nvidia0 --device /dev/nvidiactl --device /dev/nvidia-uvm, or --device /dev/dri, and the libraries by -v.',
  },
  isolation: {
    summary: 'Container isolation technology',
    harmless: ['', 'default'],
    reason: 'is no isolation of Linux: there is default',
    hint: 'Leave it out.',
  },
  runtime: {
    summary: 'Runtime to use for this container',
    harmless: ['', 'wherry'],
    reason: 'unknown or invalid runtime name: there is wherry',
    hint: 'Leave it out.',
  },
  'storage-opt': {
    summary: 'Storage driver options for the container',
    list: true,
    form: /=/,
    misread: () => 'invalid storage option',
    reason: "isn't taken: a quota on a container's own files takes privilege, or a file system of its own",
    hint: 'Put what may grow on a --tmpfs with a size, as --tmpfs /tmp:size=64m.',
  },
  'use-api-socket': {
    summary: 'Bind mount Docker API socket and required auth',
    boolean: true,
    harmless: ['false'],
    reason: "can't be had: no daemon listens anywhere",
    hint: 'Leave it out.',
  },
  'volume-driver': {
    summary: 'Optional volume driver for the container',
    harmless: ['', 'local'],
    reason: "isn't there: the one driver of volumes is local",
    hint: 'Leave it out.',
  },
};

const CHECKPOINT = {
  reason: "can't be had: reading another process's state for a checkpoint takes privilege",
  hint: 'Leave it out; wherry pause holds a container where it is, as long as the machine runs.',
} as const;

export const REFUSED_BY_START: RefusedFlags = {
  checkpoint: { summary: 'Restore from this checkpoint', harmless: [''], ...CHECKPOINT },
  'checkpoint-dir': { summary: 'Use a custom checkpoint storage directory', harmless: [''], ...CHECKPOINT },
};

export const REFUSED_BY_RM: RefusedFlags = {
  link: {
    summary: 'Remove the specified link',
    char: 'l',
    boolean: true,
    harmless: ['false'],
    reason: "isn't taken: a link belongs to the container that was made with --link, and goes with it",
    hint: 'Remove that container, or use a network of your own, whose names need no links.',
  },
};

const CONFIGURATION = {
  reason: "isn't taken: there are no networks that are the configuration of others",
  hint: 'Give the flags to each network.',
} as const;

export const REFUSED_BY_NETWORK_CREATE: RefusedFlags = {
  'config-from': {
    summary: 'The network from which to copy the configuration',
    harmless: [''],
    ...CONFIGURATION,
  },
  'config-only': {
    summary: 'Create a configuration only network',
    boolean: true,
    harmless: ['false'],
    ...CONFIGURATION,
  },
  ingress: {
    summary: 'Create swarm routing-mesh network',
    boolean: true,
    harmless: ['false'],
    reason: "isn't taken: there is no swarm here",
    hint: 'Leave it out; -p publishes ports.',
  },
  'ipam-driver': {
    summary: 'IP Address Management Driver (default "default")',
    harmless: ['', 'default'],
    reason: 'is no driver that gives addresses: there is default',
    hint: 'Leave it out; --subnet, --ip-range and --aux-address say which addresses there are.',
  },
  'ipam-opt': {
    summary: 'Set IPAM driver specific options',
    list: true,
    reason: "isn't taken: the one IPAM driver has no options",
    hint: 'Leave it out; --subnet, --ip-range and --aux-address say which addresses there are.',
  },
  scope: {
    summary: "Control the network's scope",
    harmless: ['', 'local'],
    reason: 'is no scope of a network here: there is local',
    hint: 'Leave it out.',
  },
};

/** oclif's flags for these, which no code but `refuseFlags` reads; hidden, since help lists what can be used. */
export function refusedFlags(table: RefusedFlags): Record<never, never> {
  return Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, oclifFlag(flag)]));
}

function oclifFlag({ summary, char, list, boolean, harmless }: Refused) {
  if (boolean === true) {
    const common = { hidden: true, summary, default: harmless?.includes('true') === true };
    return char === undefined ? Flags.boolean(common) : Flags.boolean({ ...common, char });
  }
  if (list === true) return Flags.string({ hidden: true, summary, helpValue: 'list', multiple: true });
  return Flags.string({ hidden: true, summary, helpValue: 'string' });
}

/** @throws WherryError `E_UNSUPPORTED_FLAG` for the first of these flags that asks for something */
export function refuseFlags(flags: Readonly<Record<string, unknown>>, table: RefusedFlags): void {
  for (const [name, { harmless = [], form, misread: saying, reason, hint }] of Object.entries(table)) {
    const value = flags[name];
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const wrong = values.find((each) => !harmless.includes(String(each)));
    if (wrong === undefined) continue;
    if (form !== undefined && saying !== undefined && !form.test(String(wrong)))
      throw refusedByClient(saying(String(wrong)), hint, 'E_UNSUPPORTED_FLAG');
    throw new WherryError(`--${name}${wrong === true ? '' : `=${wrong}`}: ${reason}.`, {
      code: 'E_UNSUPPORTED_FLAG',
      hint,
    });
  }
}
