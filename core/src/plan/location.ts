import type { Location, Root } from '../plugin/contract.ts';
import { demand } from './refusal.ts';

/** How an operation uses a path. `source` only reads; `mountpoint` is covered by a mount, in the container's namespace. */
export type Use = 'source' | 'change' | 'mountpoint';

/** What a driver was granted, for the checks on paths. */
export interface PathGrants {
  /** Absolute paths of the host below which the driver may bind and overlay. */
  readonly hostPaths: readonly string[];
}

/** A location as a person reads it: `layers:abc/diff`. */
export function locationText(location: Location): string {
  return `${location.root}:${location.path}`;
}

/** Refuses a path that is absolute, could climb, or that the kernel or a text form would read differently. */
export function checkPath(path: string): void {
  demand(!path.includes('\0'), `the path ${JSON.stringify(path)} has a NUL byte`);
  demand(!path.startsWith('/'), `the path ${JSON.stringify(path)} is absolute`);
  demand(Buffer.byteLength(path) < 4096, 'a path is longer than 4095 bytes');
  if (path === '') return;
  for (const component of path.split('/')) {
    demand(component !== '', `the path ${JSON.stringify(path)} has an empty component`);
    demand(
      component !== '.' && component !== '..',
      `the path ${JSON.stringify(path)} has the component "${component}"`,
    );
    demand(Buffer.byteLength(component) < 256, 'a component of a path is longer than 255 bytes');
  }
}

/** Refuses a link that would lead out of the tree that the link at `path` lies in. */
export function checkLinkTarget(path: string, target: string): void {
  const [, climbs = '', rest = ''] = /^((?:\.\.\/)*)(.*)$/s.exec(target) ?? [];
  demand(rest !== '', `the link ${JSON.stringify(path)} has no target`);
  checkPath(rest);
  demand(
    climbs.length / 3 < path.split('/').length,
    `the link ${JSON.stringify(path)} leads out of its tree, to ${JSON.stringify(target)}`,
  );
}

/** Roots in which a driver of a kind may read, and change files. */
const ROOTS: Readonly<Record<'storage' | 'network' | 'log', readonly Root[]>> = {
  storage: ['state', 'layers'],
  network: ['state', 'runtime'],
  log: ['state'],
};

/** Checks that a driver of `kind` may use `location` so. */
export function checkLocation(
  kind: 'storage' | 'network' | 'log',
  location: Location,
  use: Use,
  grants: PathGrants,
): void {
  checkPath(location.path);
  const text = locationText(location);
  if (location.root === 'host') {
    checkHostPath(location, use, grants);
    return;
  }
  if (location.root === 'container') {
    const inside = location.path === 'rootfs' || location.path.startsWith('rootfs/');
    demand(kind === 'storage' && inside, `a ${kind} driver may not use ${text}`);
    demand(use !== 'change', `${text} may be mounted, not changed`);
    return;
  }
  demand(ROOTS[kind].includes(location.root), `a ${kind} driver may not use ${text}`);
  demand(use !== 'mountpoint', `${text} is no place for a mount; container:rootfs is`);
  demand(use !== 'change' || location.path !== '', `${text} itself may not be changed`);
}

function checkHostPath(location: Location, use: Use, { hostPaths }: PathGrants): void {
  const path = `/${location.path}`;
  const granted = hostPaths.some((prefix) => {
    const bare = prefix.replace(/\/+$/, '');
    return path === bare || path.startsWith(`${bare}/`);
  });
  demand(granted, `${path} of the host was not granted to it`);
  demand(use === 'source', `${path} of the host may be read, not changed`);
}
