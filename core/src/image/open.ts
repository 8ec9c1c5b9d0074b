import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../container/config.ts';
import type { ContainerContext } from '../container/context.ts';
import { currentRow } from '../container/context.ts';
import { bestStorage } from '../container/storage-choice.ts';
import { ImageService } from './images.ts';
import type { LayerStore } from './layers.ts';
import { ownPlatform } from './platform.ts';

/** The images of one state directory, with the storage drivers and the launcher that the engine has. */
export function openImages(context: ContainerContext): ImageService {
  const { store, env } = context;
  const opened = new Map<string, LayerStore>();
  return new ImageService({
    store,
    env,
    uid: process.geteuid?.() ?? 0,
    async layerStore(driver) {
      const drivers = await context.drivers();
      const name = driver ?? readConfig(env).storageDriver ?? bestStorage(context, drivers).name;
      const known = opened.get(name);
      if (known !== undefined) return known;
      const { DriverLayerStore } = await import('./layer-store.ts');
      const made = new DriverLayerStore(context, drivers.storage(name));
      opened.set(name, made);
      return made;
    },
    isRunning: (id) => currentRow(context, id)?.running ?? false,
    async layerTrees(driver, top) {
      return (await import('../container/rootfs.ts')).layerTrees(context, driver, top);
    },
    starterPrograms,
  });
}

/** Beside the bundle in a package, in `dist/` of a checkout. */
function starterPrograms(): string {
  const { architecture } = ownPlatform();
  const here = import.meta.dirname;
  const packaged = join(here, 'starter', architecture);
  return existsSync(packaged) ? packaged : join(here, '../../../dist/starter', architecture);
}
