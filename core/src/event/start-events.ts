import type { ContainerRow, ContainerSpec } from '../container/record.ts';
import { type NetworkRow, NetworkTable } from '../network/table.ts';
import type { NewEvent } from './event.ts';
import { containerAttributes, type EventContext } from './fold.ts';

/** An event of a network; with a container when it is about that one's place in it. */
export function networkEvent(
  action: 'create' | 'connect' | 'disconnect' | 'destroy',
  { id, name, driver }: Pick<NetworkRow, 'id' | 'name' | 'driver'>,
  container?: string,
): NewEvent {
  const own = { type: 'network', action, actor: id } as const;
  if (container === undefined) return { ...own, attributes: { name, type: driver } };
  return { ...own, attributes: { container, name, type: driver }, container };
}

/** What happens before a container's command is executed: a client attaches, networks are connected, volumes are mounted. */
export function startEvents(
  context: EventContext,
  row: ContainerRow,
  spec: ContainerSpec,
  client: 'attached' | 'detached',
): NewEvent[] {
  const { id } = row;
  const networks = new NetworkTable(context.store.database);
  const attach = {
    type: 'container',
    action: 'attach',
    actor: id,
    attributes: containerAttributes(context, id),
  } as const;
  return [
    ...(client === 'attached' ? [attach] : []),
    ...networks.endpointsOf(id).flatMap(({ network }) => {
      const found = networks.get(network);
      return found === undefined ? [] : [networkEvent('connect', found, id)];
    }),
    ...spec.mounts.flatMap((mount): NewEvent[] => {
      if (mount.kind !== 'volume') return [];
      const { name, target, readOnly } = mount;
      const attributes = {
        container: id,
        destination: target,
        driver: 'local',
        propagation: '',
        'read/write': String(!readOnly),
      };
      return [{ type: 'volume', action: 'mount', actor: name, attributes, container: id }];
    }),
  ];
}
