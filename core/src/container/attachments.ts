import type { AttachedMount, Attachments } from '../api.ts';
import { NetworkTable } from '../network/table.ts';
import type { Mount } from '../volume/mount.ts';
import type { ContainerContext } from './context.ts';

/** @param id a full one; a container that has gone meanwhile has none */
export function attachmentsOf({ store, table }: ContainerContext, id: string): Attachments {
  const networks = new NetworkTable(store.database);
  return {
    networks: networks.endpointsOf(id).flatMap(({ network }) => networks.get(network) ?? []),
    mounts: (table.spec(id)?.mounts ?? []).flatMap(attachedMount),
  };
}

function attachedMount(mount: Mount): readonly AttachedMount[] {
  const destination = mount.target;
  switch (mount.kind) {
    case 'volume':
      return [{ name: mount.name, destination, volume: true }];
    case 'bind':
      return [{ name: mount.source, destination, volume: false }];
    case 'tmpfs':
      return mount.byFlag ? [] : [{ name: '', destination, volume: false }];
    case 'image':
      return [{ name: mount.reference, destination, volume: false }];
  }
}
