import { WherryError } from '../errors/error.ts';

/** linux/capability.h: a capability's number is its place. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** All capabilities Wherry knows, by number, as `CAP_CHOWN`. */
export const CAPABILITIES: readonly string[] = NAMES;

const NUMBERS: ReadonlyMap<string, number> = new Map(NAMES.map((name, number) => [name, number]));

/** The name of a number, or undefined for one that Wherry doesn't know. */
export function capabilityName(number: number): string | undefined {
  return NAMES[number];
}

/**
 * The full name of a capability as a user writes it: in any case, with or without `CAP_`.
 *
 * @param option The option it was given with, for the message: `--cap-add`.
 * @throws WherryError `E_CAPABILITY_UNKNOWN`, with the nearest known name in the hint.
 */
export function parseCapability(text: string, option: string): string {
  const upper = text.trim().toUpperCase();
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (NUMBERS.has(name)) return name;
  throw new WherryError(`There is no capability ${text}, given with ${option}.`, {
    code: 'E_CAPABILITY_UNKNOWN',
    hint: `Did you mean ${nearest(name)}? capabilities(7) lists them all; ALL stands for every one.`,
  });
}

/** A bit per capability, bit n for number n. */
export function capabilityMask(names: Iterable<string>): bigint {
  let mask = 0n;
  for (const name of names) {
    const number = NUMBERS.get(name);
    if (number === undefined) throw new RangeError(`${name} is no capability`);
    mask |= 1n << BigInt(number);
  }
  return mask;
}

/** The names of a mask's bits, by number; bits that Wherry doesn't know are left out. */
export function capabilityNames(mask: bigint): string[] {
  return NAMES.filter((_name, number) => (mask >> BigInt(number)) & 1n);
}

function nearest(name: string): string {
  let best = NAMES[0] ?? '';
  let least = Number.POSITIVE_INFINITY;
  for (const known of NAMES) {
    const distance = editDistance(name, known);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best;
}

/** Levenshtein's distance: the fewest letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replace));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
