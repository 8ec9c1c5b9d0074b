import { AARCH64, ARM, X32, X86, X86_64 } from './syscall-tables.ts';

/** Machines Wherry runs on, in the OCI's (and Go's) words. */
export type NativeArch = 'amd64' | 'arm64';

/** One ABI that a process of a machine can make system calls by. */
export interface Abi {
  /** As in a profile. */
  readonly scmp: string;
  /** AUDIT_ARCH_* of linux/audit.h, the `arch` word of struct seccomp_data. */
  readonly audit: number;
  /** Added to every number: x32 shares AUDIT_ARCH_X86_64 and marks its calls by a bit. */
  readonly base: number;
  /** Whether arguments are 64 bits wide; else only their low word is compared, as libseccomp does. */
  readonly wide: boolean;
  /** Numbers from here on are the machine's private calls, far above the common table. */
  readonly privateFrom: number;
  readonly numbers: ReadonlyMap<string, number>;
}

const AUDIT_ARCH_X86_64 = 0xc000003e;
const AUDIT_ARCH_I386 = 0x40000003;
const AUDIT_ARCH_AARCH64 = 0xc00000b7;
const AUDIT_ARCH_ARM = 0x40000028;

export const X32_BIT = 0x40000000;

const SOURCES: Readonly<
  Record<string, Omit<Abi, 'scmp' | 'numbers'> & { table: string; machine: NativeArch }>
> = {
  SCMP_ARCH_X86_64: {
    audit: AUDIT_ARCH_X86_64,
    base: 0,
    wide: true,
    privateFrom: X32_BIT,
    table: X86_64,
    machine: 'amd64',
  },
  SCMP_ARCH_X86: {
    audit: AUDIT_ARCH_I386,
    base: 0,
    wide: false,
    privateFrom: 2 ** 32,
    table: X86,
    machine: 'amd64',
  },
  SCMP_ARCH_X32: {
    audit: AUDIT_ARCH_X86_64,
    base: X32_BIT,
    wide: false,
    privateFrom: 2 ** 32,
    table: X32,
    machine: 'amd64',
  },
  SCMP_ARCH_AARCH64: {
    audit: AUDIT_ARCH_AARCH64,
    base: 0,
    wide: true,
    privateFrom: 2 ** 32,
    table: AARCH64,
    machine: 'arm64',
  },
  SCMP_ARCH_ARM: {
    audit: AUDIT_ARCH_ARM,
    base: 0,
    wide: false,
    privateFrom: 0xf0000,
    table: ARM,
    machine: 'arm64',
  },
};

const NATIVE: Readonly<Record<NativeArch, string>> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};

/** Names a profile may hold for machines that Wherry doesn't run on; they have no effect here. */
const OTHER_MACHINES = new Set(
  'LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC PPC64 PPC64LE RISCV64 S390 S390X SH SHEB'
    .split(' ')
    .map((name) => `SCMP_ARCH_${name}`),
);

export function isScmpArch(name: string): boolean {
  return name in SOURCES || OTHER_MACHINES.has(name);
}

const parsed = new Map<string, Abi>();

/** The ABI of that name when a machine of `native` can have it, else undefined. */
export function abiOf(scmp: string, native: NativeArch): Abi | undefined {
  const source = Object.hasOwn(SOURCES, scmp) ? SOURCES[scmp] : undefined;
  if (source === undefined || source.machine !== native) return undefined;
  let abi = parsed.get(scmp);
  if (abi === undefined) {
    const { table, machine, ...facts } = source;
    abi = { scmp, ...facts, numbers: unpack(table) };
    parsed.set(scmp, abi);
  }
  return abi;
}

export function nativeScmp(native: NativeArch): string {
  return NATIVE[native];
}

/** Reads the packed form described in syscall-tables.ts. */
function unpack(table: string): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of table.trim().split(/\s+/)) {
    if (word.startsWith('@')) next = Number(word.slice(1));
    else numbers.set(word, next++);
  }
  return numbers;
}
