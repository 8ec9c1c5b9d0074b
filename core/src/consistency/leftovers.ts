import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { abandonedTemporary } from '../store/temporary.ts';
import type { LayersContext } from './driver-layers.ts';
import type { Fault } from './fault.ts';
import { strayDirectories } from './layers.ts';

/** Files that no record explains: unfinished ones of processes that are gone, directories of containers and layers that there aren't. */
export async function checkLeftovers(
  context: LayersContext,
  remove: (path: string) => Promise<void>,
): Promise<readonly Fault[]> {
  const { store, table } = context.containers;
  const { paths } = store;
  const unfinished = abandonedTemporary(paths.temporary);
  const directories = list(paths.containers);
  const known = new Set(table.all().map(({ id }) => paths.container(id)));
  const storage = list(join(paths.root, 'storage'));
  const stray: string[] = [];
  for (const path of storage) {
    const driver = path.slice(path.lastIndexOf('/') + 1);
    stray.push(...(await strayDirectories(context, driver, list(path))));
  }
  const fault = (kind: Fault['kind'], path: string, what: string): Fault => ({
    kind,
    subject: path,
    message: `${what} ${path}.`,
    mend: async () => {
      await remove(path);
      return 'It has been removed.';
    },
  });
  return [
    ...unfinished.map((path) => fault('leftover', path, 'A command that was killed left')),
    ...directories
      .filter((path) => !known.has(path) && existsSync(path))
      .map((path) => fault('container', path, 'There is no container of the directory')),
    ...stray
      .filter((path) => existsSync(path))
      .map((path) => fault('layer', path, 'There is no layer of the directory')),
  ];
}

function list(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}
