import type { ContainerContext } from '../container/context.ts';
import { adHocNetwork } from '../network/builtin.ts';
import { NetworkTable } from '../network/table.ts';
import { networkDriverKeys } from '../store/driver-state.ts';
import type { Fault } from './fault.ts';

/** Network drivers keep things of containers and networks that there are: earlier versions let them keep those of removed ones. */
export function checkNetworkState({ store, table }: ContainerContext): readonly Fault[] {
  const { database } = store;
  const containers = table.all().map(({ id }) => id);
  const adHoc = containers.flatMap((id) => adHocNetwork(table.spec(id)?.network ?? '')?.id ?? []);
  const networks = new NetworkTable(database).all().map(({ id }) => id);
  const known = new Set([...containers, ...adHoc, ...networks]);
  return networkDriverKeys(database).flatMap(({ driver, key }) => {
    const lost = (key.match(/[0-9a-f]{64}/g) ?? []).find((id) => !known.has(id));
    if (lost === undefined) return [];
    return {
      kind: 'leftover',
      subject: `${driver}:${key}`,
      message: `The network driver ${driver.slice('network-'.length)} keeps something of ${lost}, which is no container and no network.`,
      mend: async () => {
        database.run('DELETE FROM driver_state WHERE driver = ? AND key = ?', driver, key);
        return 'It has been removed.';
      },
    };
  });
}
