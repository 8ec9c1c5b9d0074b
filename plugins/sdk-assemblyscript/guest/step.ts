import { type Location, Operation, type Root, Step } from './types.ts';

/** An operation and what takes it back, if anything has to. */
export function step(operation: Operation, undo: Operation | null): Step {
  const made = new Step();
  made.do = operation;
  made.undo = undo;
  return made;
}

export function at(root: Root, path: string): Location {
  return { root: root, path: path };
}

export function makeDir(where: Location, mode: u32): Operation {
  return Operation.makeDir({ at: where, mode: mode });
}

export function removeTree(where: Location): Operation {
  return Operation.removeTree({ at: where });
}
