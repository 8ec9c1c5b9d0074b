import { stateGet, stateList, statePut, stateRemove } from './host.ts';
import type { Snapshot, SnapshotKind } from './types.ts';

/**
 * A storage driver's books: every snapshot under its name, and an index of who has whom for a parent. What is put is
 * committed with the plan of the same call.
 */

/** One snapshot as it is kept. `directory` is where it lies below `layers:`; it keeps the key it was prepared under. */
export class Entry {
  name!: string;
  kind!: SnapshotKind;
  directory!: string;
  parent!: string | null;
}

/** Names and keys are parts of paths and of state keys: letters, digits and `_.:-`, not beginning with a dot. */
export function validName(name: string): bool {
  if (name.length === 0 || name.length > 100 || name.startsWith('.')) return false;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
    const digit = c >= 48 && c <= 57;
    if (!letter && !digit && c !== 95 && c !== 46 && c !== 58 && c !== 45) return false;
  }
  return true;
}

export function findEntry(name: string): Entry | null {
  const text = stateGet(`snapshot/${name}`);
  if (text === null) return null;
  const fields = text.split('\n');
  const parent = fields[2];
  return { name: name, kind: kindOf(fields[0]), directory: fields[1], parent: parent === '' ? null : parent };
}

export function putEntry(entry: Entry): void {
  const parent = entry.parent;
  const named = parent === null ? '' : parent;
  statePut(`snapshot/${entry.name}`, `${entry.kind}\n${entry.directory}\n${named}`);
  if (parent !== null) statePut(`child/${parent}/${entry.name}`, '');
}

export function removeEntry(entry: Entry): void {
  stateRemove(`snapshot/${entry.name}`);
  const parent = entry.parent;
  if (parent !== null) stateRemove(`child/${parent}/${entry.name}`);
}

/** Names of the snapshots that have this one for their parent. */
export function childrenOf(name: string): string[] {
  const prefix = `child/${name}/`;
  const keys = stateList(prefix);
  const names: string[] = [];
  for (let i = 0; i < keys.length; i++) names.push(keys[i].slice(prefix.length));
  return names;
}

export function allEntries(): Entry[] {
  const prefix = 'snapshot/';
  const keys = stateList(prefix);
  const entries: Entry[] = [];
  for (let i = 0; i < keys.length; i++) {
    const entry = findEntry(keys[i].slice(prefix.length));
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

export function listSnapshots(): Snapshot[] {
  const entries = allEntries();
  const snapshots: Snapshot[] = [];
  for (let i = 0; i < entries.length; i++) {
    snapshots.push({ name: entries[i].name, kind: entries[i].kind, parent: entries[i].parent });
  }
  return snapshots;
}

/** The committed layers from `top` down to the bottom one; shorter when one of them is missing. */
export function chainFrom(top: string | null): Entry[] {
  const chain: Entry[] = [];
  let name = top;
  while (name !== null) {
    const entry = findEntry(name);
    if (entry === null) return chain;
    chain.push(entry);
    name = entry.parent;
  }
  return chain;
}

/** What isn't known any more and isn't needed by what is, children before their parents. */
export function unknownEntries(known: string[]): Entry[] {
  const keep: string[] = [];
  for (let i = 0; i < known.length; i++) {
    const chain = chainFrom(known[i]);
    for (let j = 0; j < chain.length; j++) keep.push(chain[j].name);
  }
  const entries = allEntries();
  const found: Entry[] = [];
  for (let i = 0; i < entries.length; i++) {
    if (keep.includes(entries[i].name)) continue;
    let place = 0;
    while (place < found.length && !isAncestor(found[place].name, entries[i])) place++;
    insert(found, place, entries[i]);
  }
  return found;
}

function isAncestor(name: string, entry: Entry): bool {
  const chain = chainFrom(entry.parent);
  for (let i = 0; i < chain.length; i++) if (chain[i].name === name) return true;
  return false;
}

function insert(entries: Entry[], place: i32, entry: Entry): void {
  entries.push(entry);
  for (let i = entries.length - 1; i > place; i--) entries[i] = entries[i - 1];
  entries[place] = entry;
}

function kindOf(word: string): SnapshotKind {
  if (word === 'active') return 'active';
  return word === 'committed' ? 'committed' : 'container';
}
