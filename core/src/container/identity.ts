import { capabilitySets, grantedCapabilities } from '../capability/container.ts';
import type { ContainerOperation } from '../program/operation.ts';
import type { ProcessUser } from '../user/resolve.ts';
import type { ContainerSpec } from './record.ts';

/** As whom a container's command runs, and what it may do. */
export interface Identity {
  readonly user: ProcessUser;
  /** Names of the capabilities in its bounding set. */
  readonly granted: readonly string[];
}

/** @throws WherryError `E_CAPABILITY_UNKNOWN` */
export function identityOf(
  spec: Pick<ContainerSpec, 'capAdd' | 'capDrop' | 'privileged'>,
  user: ProcessUser,
  lastCap: number,
): Identity {
  const { capAdd: add, capDrop: drop, privileged } = spec;
  return { user, granted: grantedCapabilities({ add, drop, privileged, lastCap }) };
}

/** The operations that take on an identity. */
export function identityOperations({ user, granted }: Identity): readonly ContainerOperation[] {
  return [
    { op: 'user', uid: user.uid, gid: user.gid, groups: user.groups },
    { op: 'capabilities', ...capabilitySets(granted, user.uid) },
  ];
}
