import { registrySettings } from '../container/config.ts';
import type { Environment } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { ImageTable } from './table.ts';

/** The images of a store, where a name without a registry may be one of any of the registries in the search order. */
export function searchedImages({
  store,
  env,
}: {
  readonly store: Store;
  readonly env: Environment;
}): ImageTable {
  return new ImageTable(store.database, () => registrySettings(env).search);
}
