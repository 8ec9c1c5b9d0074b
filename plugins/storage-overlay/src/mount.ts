import { unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import type { Entry } from '@wherry/sdk-assemblyscript/guest/snapshot.ts';
import { at, step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  type Location,
  Operation,
  ResultListStepDriverError as StepsResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

/** OVL_MAX_STACK of the kernel. */
const MAX_LAYERS = 500;

/** The mount of a container's root file system on top of its layers, the topmost of which comes first. */
export function rootMount(container: Entry, chain: Entry[], readOnly: bool): StepsResult {
  const own = at('layers', `${container.directory}/diff`);
  const lower: Location[] = [];
  if (readOnly) lower.push(own);
  for (let i = 0; i < chain.length; i++) lower.push(at('layers', `${chain[i].directory}/diff`));
  if (chain.length > 0 && chain[chain.length - 1].parent !== null) return brokenChain(container);
  if (lower.length > MAX_LAYERS) return tooMany(lower.length);
  if (chain.length === 0) return bind(own, readOnly);
  return StepsResult.ok([
    step(
      Operation.overlayMount({
        lower: lower,
        upper: readOnly ? null : own,
        work: readOnly ? null : at('layers', `${container.directory}/work`),
        target: at('container', 'rootfs'),
        options: ['userxattr'],
      }),
      null,
    ),
  ]);
}

/** An overlay wants two trees; with the container's own alone there is nothing to stack. */
function bind(source: Location, readOnly: bool): StepsResult {
  const target = at('container', 'rootfs');
  return StepsResult.ok([
    step(Operation.bindMount({ source: source, target: target, readOnly: readOnly, recursive: false }), null),
  ]);
}

function brokenChain(container: Entry): StepsResult {
  return StepsResult.err(
    unsupported(`a layer below container ${container.name} is missing`, 'Pull its image again.'),
  );
}

function tooMany(count: i32): StepsResult {
  return StepsResult.err(
    unsupported(
      `the image has ${count.toString()} layers, and overlay stacks at most ${MAX_LAYERS.toString()}`,
      'Use the storage driver vfs, or an image with fewer layers.',
    ),
  );
}
