/** A platform's processor in the OCI image index's words (GOARCH and variant). */
export interface OciArch {
  readonly architecture: string;
  readonly variant?: string;
}

const BY_MACHINE: Readonly<Record<string, OciArch>> = {
  x86_64: { architecture: 'amd64' },
  amd64: { architecture: 'amd64' },
  i386: { architecture: '386' },
  i486: { architecture: '386' },
  i586: { architecture: '386' },
  i686: { architecture: '386' },
  aarch64: { architecture: 'arm64', variant: 'v8' },
  arm64: { architecture: 'arm64', variant: 'v8' },
  armv8l: { architecture: 'arm', variant: 'v7' },
  armv7l: { architecture: 'arm', variant: 'v7' },
  armv6l: { architecture: 'arm', variant: 'v6' },
  armv5tel: { architecture: 'arm', variant: 'v5' },
  ppc64le: { architecture: 'ppc64le' },
  riscv64: { architecture: 'riscv64' },
  s390x: { architecture: 's390x' },
  loongarch64: { architecture: 'loong64' },
};

/** From `uname -m`; a machine that isn't known keeps its name. */
export function ociArch(machine: string): OciArch {
  return Object.hasOwn(BY_MACHINE, machine)
    ? (BY_MACHINE[machine] ?? { architecture: machine })
    : { architecture: machine };
}

/** `linux/amd64`, `linux/arm/v7`; arm64's only variant is left out, as Docker prints it. */
export function platformName(arch: OciArch): string {
  const variant = arch.variant === undefined || arch.architecture === 'arm64' ? '' : `/${arch.variant}`;
  return `linux/${arch.architecture}${variant}`;
}
