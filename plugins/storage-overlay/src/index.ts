import { notFound } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import {
  chainFrom,
  findEntry,
  listSnapshots,
  putEntry,
  removeEntry,
  unknownEntries,
} from '@wherry/sdk-assemblyscript/guest/snapshot.ts';
import { at, makeDir, removeTree, step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  checkCommit,
  checkFree,
  checkParent,
  checkRemovable,
  commit,
  findContainer,
  noSuchContainer,
} from '@wherry/sdk-assemblyscript/guest/storage.ts';
import {
  Changes,
  ResultChangesDriverError as ChangesResult,
  type ContainerRequest,
  type DriverInfo,
  type Facts,
  type Fitness,
  type LayerRequest,
  ResultLayerPlanDriverError as LayerResult,
  ResultListLocationDriverError as LocationsResult,
  type MountsRequest,
  type Snapshot,
  type Step,
  ResultListStepDriverError as StepsResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';
import { fitness } from './fitness.ts';
import { rootMount } from './mount.ts';

/**
 * Layers lie at `layers:KEY/diff` and are stacked by the kernel's overlay file system; a container has `layers:ID/diff`
 * for what it changes and `layers:ID/work` for the kernel.
 */
export function describe(): DriverInfo {
  return {
    name: 'overlay',
    kind: 'storage',
    version: '0.1.0',
    summary: 'Layers stacked by the kernel, with no copying.',
    permissions: [],
    options: [],
  };
}

export function probe(facts: Facts): Fitness {
  return fitness(facts);
}

/** A layer is a tree of its own whatever lies below it, so all layers of an image can be filled at once. */
export function parallel(): bool {
  return true;
}

export function prepareLayer(request: LayerRequest): LayerResult {
  const taken = checkFree(request.key);
  if (taken !== null) return LayerResult.err(taken);
  const missing = checkParent(request.parent);
  if (missing !== null) return LayerResult.err(missing);
  putEntry({ name: request.key, kind: 'active', directory: request.key, parent: request.parent });
  return LayerResult.ok({
    steps: freshDirectory(request.key),
    target: at('layers', `${request.key}/diff`),
    whiteouts: 'overlay',
  });
}

export function commitLayer(key: string, name: string, parent: string | null): StepsResult {
  const wrong = checkCommit(key, name, parent);
  if (wrong !== null) return StepsResult.err(wrong);
  const entry = findEntry(key);
  if (entry !== null) commit(entry, name, parent);
  return StepsResult.ok([]);
}

export function prepareContainer(request: ContainerRequest): StepsResult {
  const taken = checkFree(request.id);
  if (taken !== null) return StepsResult.err(taken);
  const missing = checkParent(request.parent);
  if (missing !== null) return StepsResult.err(missing);
  putEntry({ name: request.id, kind: 'container', directory: request.id, parent: request.parent });
  const steps = freshDirectory(request.id);
  steps.push(step(makeDir(at('layers', `${request.id}/work`), 0o700), null));
  return StepsResult.ok(steps);
}

export function mounts(request: MountsRequest): StepsResult {
  const entry = findContainer(request.id);
  if (entry === null) return StepsResult.err(noSuchContainer(request.id));
  return rootMount(entry, chainFrom(entry.parent), request.readOnly);
}

export function changed(id: string): ChangesResult {
  const entry = findEntry(id);
  if (entry === null) return ChangesResult.err(notFound(`there is no snapshot ${id}`, 'List what there is.'));
  return ChangesResult.ok(
    Changes.tree({ at: at('layers', `${entry.directory}/diff`), whiteouts: 'overlay' }),
  );
}

export function usage(name: string): LocationsResult {
  const entry = findEntry(name);
  if (entry === null)
    return LocationsResult.err(notFound(`there is no snapshot ${name}`, 'List what there is.'));
  return LocationsResult.ok([at('layers', `${entry.directory}/diff`)]);
}

export function remove(name: string): StepsResult {
  const entry = findEntry(name);
  if (entry === null) return StepsResult.ok([]);
  const used = checkRemovable(name);
  if (used !== null) return StepsResult.err(used);
  removeEntry(entry);
  return StepsResult.ok([step(removeTree(at('layers', entry.directory)), null)]);
}

export function list(): Snapshot[] {
  return listSnapshots();
}

export function cleanup(known: string[]): StepsResult {
  const entries = unknownEntries(known);
  const steps: Step[] = [];
  for (let i = 0; i < entries.length; i++) {
    removeEntry(entries[i]);
    steps.push(step(removeTree(at('layers', entries[i].directory)), null));
  }
  return StepsResult.ok(steps);
}

/** `layers:KEY/diff`, whatever a killed process may have left under the same key. */
function freshDirectory(key: string): Step[] {
  const directory = at('layers', key);
  return [
    step(removeTree(directory), null),
    step(makeDir(directory, 0o700), removeTree(directory)),
    step(makeDir(at('layers', `${key}/diff`), 0o755), null),
  ];
}
