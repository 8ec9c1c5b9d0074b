import { CAPABILITIES, capabilityMask, capabilityNames, parseCapability } from './names.ts';

/** What a container's root may do unless told otherwise; the list Docker has had since 1.2. */
export const DEFAULT_CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
  'AUDIT_WRITE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

export interface CapabilityRequest {
  /** As given by `--cap-add` and `--cap-drop`: any case, with or without `CAP_`, or `ALL`. */
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  /** The highest capability of this kernel, from /proc/sys/kernel/cap_last_cap; what it doesn't know can't be had. */
  readonly lastCap: number;
}

/** The five sets of capabilities(7) of a container's first process, a bit per capability. */
export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/**
 * The names a container is granted, by number. As in Docker: `--privileged` is all of them; with `--cap-add ALL` it is all
 * but the dropped; with `--cap-drop ALL` only the added; else the defaults without the dropped, with the added.
 *
 * @throws WherryError `E_CAPABILITY_UNKNOWN`.
 */
export function grantedCapabilities({ add, drop, privileged, lastCap }: CapabilityRequest): string[] {
  const added = parseAll(add, '--cap-add');
  const dropped = parseAll(drop, '--cap-drop');
  const available = CAPABILITIES.slice(0, lastCap + 1);
  if (privileged) return available;
  const granted = (name: string): boolean => {
    if (added.all) return !dropped.names.has(name);
    if (dropped.all) return added.names.has(name);
    return added.names.has(name) || (DEFAULT_CAPABILITIES.includes(name) && !dropped.names.has(name));
  };
  return available.filter(granted);
}

/**
 * The sets a process starts with. Inheritable and ambient are empty, so that another user than root gets
 * capabilities only from files' (Docker since 20.10.14, CVE-2022-24769); for such a user effective and permitted are
 * empty as well.
 */
export function capabilitySets(granted: readonly string[], uid: number): CapabilitySets {
  const bounding = capabilityMask(granted);
  const own = uid === 0 ? bounding : 0n;
  return { bounding, effective: own, permitted: own, inheritable: 0n, ambient: 0n };
}

/** A mask as /proc/PID/status shows it: 16 hexadecimal digits. */
export function maskToHex(mask: bigint): string {
  return mask.toString(16).padStart(16, '0');
}

/** The names in a mask that /proc/PID/status shows; undefined when it is no such mask. */
export function capabilitiesFromHex(hex: string): string[] | undefined {
  return /^[0-9a-f]{1,16}$/i.test(hex) ? capabilityNames(BigInt(`0x${hex}`)) : undefined;
}

function parseAll(texts: readonly string[], option: string): { all: boolean; names: Set<string> } {
  const names = new Set<string>();
  let all = false;
  for (const text of texts) {
    if (/^(cap_)?all$/i.test(text.trim())) all = true;
    else names.add(parseCapability(text, option));
  }
  return { all, names };
}
