import type { Permission } from '../plugin/contract.ts';

/** What a driver may use beyond its own trees: the permissions its user agreed to, sorted by sort. */
export interface Grants {
  /** Absolute paths of the host below which it may read. */
  readonly hostPaths: readonly string[];
  /** Programs of the host that it may have started. */
  readonly programs: readonly string[];
  /** Addresses that its sinks may connect to. */
  readonly addresses: readonly string[];
  readonly hostNetwork: boolean;
  readonly blockDevice: boolean;
}

/** A driver that was granted nothing. */
export const NO_GRANTS: Grants = {
  hostPaths: [],
  programs: [],
  addresses: [],
  hostNetwork: false,
  blockDevice: false,
};

/** Sorts granted permissions for the gate. */
export function grantsOf(permissions: readonly Permission[]): Grants {
  const values = (tag: 'host-path' | 'helper-program' | 'connect'): readonly string[] =>
    permissions.flatMap((permission) => (permission.tag === tag ? [permission.val] : []));
  return {
    hostPaths: values('host-path'),
    programs: values('helper-program'),
    addresses: values('connect'),
    hostNetwork: permissions.some(({ tag }) => tag === 'host-network'),
    blockDevice: permissions.some(({ tag }) => tag === 'block-device'),
  };
}
