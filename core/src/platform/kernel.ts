/** `uname -r`, taken apart. */
export interface KernelRelease {
  readonly release: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads a kernel release such as `6.1.0-28-amd64`, `5.15.0` or `4.18.0-553.el8_10.x86_64`; 0 for what isn't there. */
export function parseKernelRelease(release: string): KernelRelease {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release.trim());
  const [major = 0, minor = 0, patch = 0] = (match?.slice(1) ?? []).map((part) => Number(part ?? 0));
  return { release: release.trim(), major, minor, patch };
}

export function kernelAtLeast(kernel: KernelRelease, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
