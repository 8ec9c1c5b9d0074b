import { inUse, invalid, notFound } from './failure.ts';
import { childrenOf, type Entry, findEntry, putEntry, removeEntry, validName } from './snapshot.ts';
import type { DriverError } from './types.ts';

/** The rules of the life cycle that all storage drivers share. Each answers with what is wrong, or null. */

/** A name that something new may be prepared under. */
export function checkFree(name: string): DriverError | null {
  if (!validName(name)) {
    return invalid(
      `the snapshot name "${name}" is not 1 to 100 letters, digits and "_.:-"`,
      'Report this: the host chooses these names.',
    );
  }
  if (findEntry(name) !== null) {
    return inUse(`snapshot ${name} exists already`, 'Remove it first, or choose another name.');
  }
  return null;
}

/** A parent, when there is one, is a committed layer. */
export function checkParent(parent: string | null): DriverError | null {
  if (parent === null) return null;
  const entry = findEntry(parent);
  if (entry === null || entry.kind !== 'committed') {
    return notFound(`layer ${parent} is not there`, 'Pull the image again.');
  }
  return null;
}

/** Whether `key` can become the committed layer `name` on top of `parent`. */
export function checkCommit(key: string, name: string, parent: string | null): DriverError | null {
  const entry = findEntry(key);
  if (entry === null || entry.kind !== 'active') {
    return notFound(`no layer is being filled under the key ${key}`, 'Pull the image again.');
  }
  if (name !== key) {
    const taken = checkFree(name);
    if (taken !== null) return taken;
  }
  return checkParent(parent);
}

/** Enters the layer under its name; its files stay where they are. */
export function commit(entry: Entry, name: string, parent: string | null): void {
  removeEntry(entry);
  putEntry({ name: name, kind: 'committed', directory: entry.directory, parent: parent });
}

/** Whether a snapshot may go: nothing has it as its parent. */
export function checkRemovable(name: string): DriverError | null {
  const children = childrenOf(name);
  if (children.length === 0) return null;
  const more = children.length > 1 ? ` and ${(children.length - 1).toString()} more` : '';
  return inUse(
    `snapshot ${name} is the parent of ${children[0]}${more}`,
    'Remove what was made from it first.',
  );
}

/** The container of that id. */
export function findContainer(id: string): Entry | null {
  const entry = findEntry(id);
  return entry !== null && entry.kind === 'container' ? entry : null;
}

export function noSuchContainer(id: string): DriverError {
  return notFound(
    `the root file system of container ${id} is not there`,
    'Remove the container and create it again.',
  );
}
