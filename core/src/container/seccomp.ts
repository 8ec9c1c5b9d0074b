import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capabilityMask } from '../capability/names.ts';
import type { KernelRelease } from '../platform/kernel.ts';
import type { SecurityOptions } from './record.ts';
import { VERSION } from './version.ts';

export interface SeccompContext {
  /** Directory in which compiled filters are kept. */
  readonly cache: string;
  readonly capabilities: readonly string[];
  readonly architecture: string;
  readonly singleId: boolean;
  readonly kernel: KernelRelease;
}

export interface SeccompFilter {
  /** An array of struct sock_filter, as seccomp(2) takes it. */
  readonly filter: Uint8Array;
  readonly flags: number;
}

/**
 * The filter for a container, compiled once and kept. None when it is unconfined.
 * @throws WherryError `E_SECCOMP_PROFILE` and its kin for a profile that can't be used.
 */
export async function seccompFilter(
  seccomp: SecurityOptions['seccomp'],
  context: SeccompContext,
): Promise<SeccompFilter | undefined> {
  if (seccomp === 'unconfined') return undefined;
  // The profile that comes with Wherry is known by the version; neither it nor the compiler has to be loaded then.
  const path = seccomp === 'default' ? join(context.cache, defaultName(context)) : undefined;
  const kept = path === undefined ? undefined : readKept(path);
  if (kept !== undefined) return kept;
  const { compileFilter } = await import('./seccomp-compile.ts');
  const made = compileFilter(seccomp, context);
  if (path !== undefined) keep(context.cache, path, made);
  return made;
}

function defaultName({ capabilities, architecture, singleId, kernel }: SeccompContext): string {
  const ids = singleId ? 'single-id' : 'range';
  const mask = capabilityMask(capabilities).toString(16);
  return ['default', VERSION, architecture, ids, `${kernel.major}.${kernel.minor}`, mask].join('-');
}

/** Flags in four bytes, then the filter. */
function readKept(path: string): SeccompFilter | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length < 12 || (bytes.length - 4) % 8 !== 0) return undefined;
    return { flags: bytes.readUInt32LE(0), filter: bytes.subarray(4) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function keep(directory: string, path: string, { flags, filter }: SeccompFilter): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const head = Buffer.alloc(4);
  head.writeUInt32LE(flags);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, Buffer.concat([head, filter]), { mode: 0o600 });
  renameSync(draft, path);
}
