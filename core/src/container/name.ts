import { WherryError } from '../errors/error.ts';
import { ADJECTIVES, SURNAMES } from './words.ts';

const VALID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * Checks a name that a user gave (`--name`) and answers with it, less the leading slash that Docker tolerates.
 * @throws WherryError `E_CONTAINER_NAME`
 */
export function checkName(name: string): string {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (VALID.test(bare)) return bare;
  throw new WherryError(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed.`, {
    code: 'E_CONTAINER_NAME',
    hint: 'Use at least two letters, digits, underscores, dots and hyphens, a letter or digit first.',
  });
}

const randomInt = (limit: number): number => Math.floor(Math.random() * limit);

/** A name for a container that was given none: an adjective and a surname, with a digit once those get scarce. */
export function generateName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const adjective = ADJECTIVES[randomInt(ADJECTIVES.length)];
    const surname = SURNAMES[randomInt(SURNAMES.length)];
    const name = `${adjective}_${surname}${attempt < 4 ? '' : randomInt(10 ** (attempt - 3))}`;
    if (!taken(name)) return name;
    if (attempt > 10) throw new Error('no free container name was found');
  }
}

/** @returns the error for a name that another container has, in Docker's words. */
export function nameConflict(name: string, owner: string): WherryError {
  return new WherryError(
    `Conflict. The container name "/${name}" is already in use by container "${owner}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
    {
      code: 'E_CONTAINER_NAME_TAKEN',
      hint: `wherry rm ${name}   removes it, if it isn't needed any more.`,
    },
  );
}
