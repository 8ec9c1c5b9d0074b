import { type ContainerContext, currentRow } from '../container/context.ts';
import { inCommand } from './builtin.ts';
import { readPorts } from './published.ts';
import type { Networks } from './request.ts';
import type { NetworkService } from './service.ts';
import { NetworkTable } from './table.ts';

/** Networks, with all that is heavy loaded when it is called. */
export function lazyNetworks(context: ContainerContext): Networks {
  let service: Promise<NetworkService> | undefined;
  const open = (): Promise<NetworkService> => {
    service ??= import('./service.ts').then(({ openNetworks }) => openNetworks(context));
    return service;
  };
  const look = async () => {
    // Those that are always there are made by their drivers, at the first need of one.
    if (new NetworkTable(context.store.database).byName('none') === undefined) await open();
    return import('./look.ts');
  };
  return {
    create: async (request) => (await open()).create(request),
    explain: async (request) => (await open()).explain(request),
    list: async (options) => (await look()).listNetworks(context, options),
    inspect: async (nameOrId) => (await look()).inspectNetwork(context, nameOrId),
    remove: async (nameOrId) => (await open()).remove(nameOrId),
    prune: async (select) => (await open()).prune(select),
    connect: async (...args) => {
      const networks = await open();
      await networks.connect(...args).catch((error: unknown) => {
        throw inCommand(error);
      });
    },
    disconnect: async (...args) => (await open()).disconnect(...args),
    ports: (container) =>
      currentRow(context, container)?.running === true
        ? readPorts(context.store.paths.container(container))
        : [],
    settings: async (container) => (await import('./look.ts')).settingsOf(context, container),
  };
}
