import { invalid, notFound } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import {
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
  type Location,
  ResultListLocationDriverError as LocationsResult,
  type MountsRequest,
  Operation,
  type Snapshot,
  type Step,
  ResultListStepDriverError as StepsResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

/** Every layer and every container is a whole copy at `layers:KEY/tree`: slow and large, and it works anywhere. */
export function describe(): DriverInfo {
  return {
    name: 'vfs',
    kind: 'storage',
    version: '0.1.0',
    summary: 'Whole copies of the tree, on any file system.',
    permissions: [],
    options: [],
  };
}

export function probe(facts: Facts): Fitness {
  if (facts.reflink) return { score: 20, reason: `copies share their extents on ${facts.stateFilesystem}` };
  return {
    score: 10,
    reason: 'works on any file system, at the cost of a whole copy for each layer and container',
  };
}

/** A layer starts as a copy of its parent, so the parent has to be complete. */
export function parallel(): bool {
  return false;
}

export function prepareLayer(request: LayerRequest): LayerResult {
  const taken = checkFree(request.key);
  if (taken !== null) return LayerResult.err(taken);
  const missing = checkParent(request.parent);
  if (missing !== null) return LayerResult.err(missing);
  putEntry({ name: request.key, kind: 'active', directory: request.key, parent: request.parent });
  return LayerResult.ok({
    steps: copyOf(request.parent, request.key, request.facts.reflink),
    target: treeOf(request.key),
    whiteouts: 'apply',
  });
}

export function commitLayer(key: string, name: string, parent: string | null): StepsResult {
  const wrong = checkCommit(key, name, parent);
  if (wrong !== null) return StepsResult.err(wrong);
  const entry = findEntry(key);
  if (entry === null) return StepsResult.ok([]);
  if (entry.parent !== parent) {
    return StepsResult.err(
      invalid(
        `layer ${name} was copied from another parent than the one it is to be committed on`,
        'Prepare it with its parent: this driver answers false to parallel.',
      ),
    );
  }
  commit(entry, name, parent);
  return StepsResult.ok([]);
}

export function prepareContainer(request: ContainerRequest): StepsResult {
  const taken = checkFree(request.id);
  if (taken !== null) return StepsResult.err(taken);
  const missing = checkParent(request.parent);
  if (missing !== null) return StepsResult.err(missing);
  putEntry({ name: request.id, kind: 'container', directory: request.id, parent: request.parent });
  return StepsResult.ok(copyOf(request.parent, request.id, request.facts.reflink));
}

export function mounts(request: MountsRequest): StepsResult {
  const entry = findContainer(request.id);
  if (entry === null) return StepsResult.err(noSuchContainer(request.id));
  return StepsResult.ok([
    step(
      Operation.bindMount({
        source: treeOf(entry.directory),
        target: at('container', 'rootfs'),
        readOnly: request.readOnly,
        recursive: true,
      }),
      null,
    ),
  ]);
}

export function changed(id: string): ChangesResult {
  const entry = findEntry(id);
  if (entry === null) return ChangesResult.err(notFound(`there is no snapshot ${id}`, 'List what there is.'));
  return ChangesResult.ok(
    Changes.compare({ lower: parentTree(entry.parent), upper: treeOf(entry.directory) }),
  );
}

export function usage(name: string): LocationsResult {
  const entry = findEntry(name);
  if (entry === null)
    return LocationsResult.err(notFound(`there is no snapshot ${name}`, 'List what there is.'));
  return LocationsResult.ok([treeOf(entry.directory)]);
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

function treeOf(directory: string): Location {
  return at('layers', `${directory}/tree`);
}

function parentTree(parent: string | null): Location | null {
  if (parent === null) return null;
  const entry = findEntry(parent);
  return entry === null ? null : treeOf(entry.directory);
}

/** `layers:KEY/tree` as a copy of the parent or as an empty directory, whatever a killed process may have left there. */
function copyOf(parent: string | null, key: string, reflink: bool): Step[] {
  const directory = at('layers', key);
  const steps = [step(removeTree(directory), null), step(makeDir(directory, 0o700), removeTree(directory))];
  const source = parentTree(parent);
  if (source === null) steps.push(step(makeDir(treeOf(key), 0o755), null));
  else steps.push(step(Operation.copyTree({ source: source, target: treeOf(key), reflink: reflink }), null));
  return steps;
}
