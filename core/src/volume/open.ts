import type { Volumes } from '../api.ts';
import { type ContainerContext, fold } from '../container/context.ts';
import { VolumeService } from './service.ts';
import type { WithWorker } from './volumes.ts';

/** The volumes of an engine. */
export function openVolumes(context: ContainerContext, withWorker: WithWorker): Volumes {
  const { store, machine, volumes, table } = context;
  return new VolumeService({
    store,
    volumes,
    withWorker,
    mappedRoot: () => machine.mappedRoot,
    idMap: () => machine.idmap,
    settle: async () => {
      const { gone } = fold(context, table.inState('started'));
      if (gone.size === 0) return;
      const { purge } = await import('../container/remove.ts');
      for (const id of gone) await purge(context, id);
    },
  });
}
