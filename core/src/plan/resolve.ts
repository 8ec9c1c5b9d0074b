import { join } from 'node:path';
import type { Location, Root } from '../plugin/contract.ts';

/** Where the roots of one driver and one container lie now. Looked up when a program is encoded, and never stored. */
export interface Roots {
  /** Absolute path of a root; throws for one that the plan at hand has no business with. */
  path(root: Root): string;
}

/** The absolute path of a checked location. */
export function resolveLocation({ root, path }: Location, roots: Roots): string {
  if (root === 'host') return `/${path}`;
  return path === '' ? roots.path(root) : join(roots.path(root), path);
}

const ROOTFS = 'rootfs';

/** The path inside the container of a location below `container:rootfs`; undefined for any other. */
export function containerPath({ root, path }: Location): string | undefined {
  if (root !== 'container') return undefined;
  if (path === ROOTFS) return '/';
  return path.startsWith(`${ROOTFS}/`) ? path.slice(ROOTFS.length) : undefined;
}
