import { checkPlan } from '../plan/check.ts';
import { encodePlan } from '../plan/encode.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants } from './drivers.ts';
import { notFound } from './find.ts';
import { stepsFromText } from './pending.ts';
import { rootsOf } from './roots.ts';

/** The trees that a container's root is made of, on the host. */
export type RootTrees =
  /** `upper` holds the changes over the stack of `lower`, topmost first. */
  | {
      readonly kind: 'overlay';
      readonly upper: string;
      readonly work: string;
      readonly lower: readonly string[];
      readonly mountpoint: string;
    }
  /** `tree` is whole, a copy of `origin`, which is missing for an image without layers. */
  | { readonly kind: 'copy'; readonly tree: string; readonly origin: string | undefined };

/** Asks the storage driver where the files of a container are. Changes nothing. */
export async function rootTrees(context: ContainerContext, id: string): Promise<RootTrees> {
  const spec = context.table.spec(id);
  if (spec === undefined) throw notFound(id);
  const storage = (await context.drivers()).storage(spec.storageDriver);
  const grants = driverGrants(storage);
  const asker = { kind: 'storage', driver: storage.info.name, request: 'mounts' } as const;
  const { value: steps } = storage.mounts({
    id,
    readOnly: false,
    facts: context.machine.facts,
    options: [],
  });
  const { container } = encodePlan(checkPlan({ asker, steps, grants }), rootsOf(context, asker, id));
  for (const operation of container) {
    if (operation.op === 'rootfs-overlay' && operation.upper !== undefined) {
      const { upperdir, workdir } = operation.upper;
      const { lower, mountpoint } = operation;
      return { kind: 'overlay', upper: upperdir, work: workdir, lower, mountpoint };
    }
    if (operation.op === 'rootfs-bind') return { kind: 'copy', tree: operation.source, origin: origin() };
  }
  throw new Error(`the storage driver ${storage.info.name} plans no root file system`);

  function origin(): string | undefined {
    const text = context.table.pending(id);
    if (text === undefined) return undefined;
    const prepared = { ...asker, request: 'prepare-container' } as const;
    const checked = checkPlan({ asker: prepared, steps: stepsFromText(text), grants });
    const { prepare } = encodePlan(checked, rootsOf(context, prepared, id));
    return prepare.flatMap((step) => (step.do.op === 'copy-tree' ? step.do.source : []))[0];
  }
}
