import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { readFacts } from '../container/facts.ts';
import { holderDirectory, namespaceSettings } from '../container/program.ts';
import { runNetwork } from '../launcher/run.ts';
import { encodeProgram } from '../program/encode.ts';
import type { NetworkOperation, SettingOperation } from '../program/operation.ts';
import type { EndpointPlans } from './encode.ts';
import { encodePlans } from './start.ts';

/** Steps that aren't a driver's: the core's own, as for a default route. */
export interface LiveChange {
  readonly plans: readonly EndpointPlans[];
  readonly links?: readonly NetworkOperation[];
  /** The container that is changed while it runs; undefined for the shared namespace alone. */
  readonly container?: string;
  /** What an error says was being done. */
  readonly what: string;
}

/**
 * Carries plans out now.
 * @throws WherryError `E_NETWORK_FAILED`
 */
export async function changeNow(context: ContainerContext, change: LiveChange): Promise<void> {
  const { store, machine, launcher } = context;
  const { prepare, links } = encodePlans(context, change.container ?? '', change.plans);
  // Ports of a container that runs are with its monitor.
  const shared = prepare.filter(({ op }) => op === 'shared-network' || op === 'shared-helper');
  const program = encodeProgram({
    settings: [
      ...namespaceSettings(machine.idmap, holderDirectory(store.paths.runtime())),
      ...joinSettings(context, change.container),
    ],
    prepare: shared.map((operation) => ({ do: operation })),
    container: [...links.filter(({ op }) => op !== 'network-ready'), ...(change.links ?? [])],
    cleanup: [],
  });
  const path = join(store.paths.runtime(), `network-program.${process.pid}`);
  writeFileSync(path, program, { mode: 0o600 });
  try {
    await runNetwork(launcher(), path, change.what);
  } finally {
    rmSync(path, { force: true });
  }
}

function joinSettings(
  { store, processes }: ContainerContext,
  container: string | undefined,
): readonly SettingOperation[] {
  if (container === undefined) return [];
  const { started } = readFacts(store.paths.container(container));
  const startTime = started === undefined ? undefined : processes.startTime(started.initPid);
  if (started === undefined || startTime === undefined) return [];
  return [{ op: 'join', pid: started.initPid, startTime }];
}
