import { EXIT, WherryError } from '../errors/error.ts';
import type { ContainerTable } from './table.ts';

/**
 * The full id that a user means by a name, an id, or an unambiguous beginning of one; names win, as in Docker.
 * @throws WherryError `E_CONTAINER_NOT_FOUND`, `E_CONTAINER_AMBIGUOUS`
 */
export function findContainer(table: ContainerTable, nameOrId: string): string {
  const bare = nameOrId.startsWith('/') ? nameOrId.slice(1) : nameOrId;
  if (/^[0-9a-f]{64}$/.test(bare) && table.get(bare) !== undefined) return bare;
  const named = table.idOfName(bare);
  if (named !== undefined) return named;
  const [only, another] = /^[0-9a-f]{1,64}$/.test(bare) ? table.idsByPrefix(bare) : [];
  if (only === undefined) throw notFound(nameOrId);
  if (another !== undefined) {
    throw new WherryError(`Multiple containers have ids that begin with ${bare}.`, {
      code: 'E_CONTAINER_AMBIGUOUS',
      hint: 'Give more digits of the id, or the name.',
      exitCode: EXIT.failure,
    });
  }
  return only;
}

/** @returns the error for a container that isn't there, in Docker's words. */
export function notFound(nameOrId: string): WherryError {
  return new WherryError(`No such container: ${nameOrId}`, {
    code: 'E_CONTAINER_NOT_FOUND',
    hint: 'wherry ps -a   lists all containers.',
    exitCode: EXIT.failure,
  });
}
