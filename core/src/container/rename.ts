import { WherryError } from '../errors/error.ts';
import { refreshNames } from '../network/members.ts';
import type { ContainerContext } from './context.ts';
import { checkName, nameConflict } from './name.ts';

/** Gives a container another name. @throws WherryError `E_CONTAINER_NAME`, `E_CONTAINER_NAME_TAKEN` */
export function renameContainer(context: ContainerContext, id: string, wanted: string): void {
  const { store, table } = context;
  if (wanted === '')
    throw new WherryError('Neither old nor new names may be empty', {
      code: 'E_CONTAINER_NAME',
      hint: 'Give the name that it has, and the new one.',
    });
  const name = checkName(wanted);
  store.database.transaction(() => {
    const owner = table.idOfName(name);
    if (owner === id) throw sameName(name);
    if (owner !== undefined) throw nameConflict(name, owner);
    table.rename(id, name);
  });
  refreshNames(context);
}

function sameName(name: string): WherryError {
  return new WherryError('Renaming a container with the same name as its current name', {
    code: 'E_CONTAINER_NAME_TAKEN',
    hint: `It is called ${name} already.`,
  });
}
