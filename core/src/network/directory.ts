import { join } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { ensureOwned } from '../container/roots.ts';

/**
 * The run-time directory of networks: the socket and lock of the shared namespace's keeper, and the names that it answers
 * for. The containers' root writes to it.
 */
export function networkDirectory(context: Pick<ContainerContext, 'store' | 'machine'>): string {
  const path = join(context.store.paths.runtime(), 'network');
  ensureOwned(context, path);
  return path;
}

/** The socket of the keeper: there for as long as there is a shared namespace. */
export function keeperSocket(context: Pick<ContainerContext, 'store' | 'machine'>): string {
  return join(networkDirectory(context), 'network');
}

/** What members of networks are called. */
export function namesFile(context: Pick<ContainerContext, 'store' | 'machine'>): string {
  return join(networkDirectory(context), 'names');
}
