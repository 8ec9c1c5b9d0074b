import type {
  CheckReport,
  CheckRequest,
  Containers,
  DiskUsage,
  EngineEvent,
  EngineInfo,
  EventsRequest,
  Images,
  Networks,
  Plugins,
  Volumes,
} from '@wherry/core/api';
import type { Session } from './base-command.ts';
import { printError } from './terminal/output.ts';

/** The engine as the CLI uses it. */
export interface EngineHandle {
  readonly images: Images;
  readonly containers: Containers;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly plugins: Plugins;
  info(): EngineInfo | Promise<EngineInfo>;
  diskUsage(): Promise<DiskUsage>;
  events(request: EventsRequest): AsyncIterable<EngineEvent>;
  leave(): void;
  check(request: CheckRequest): Promise<CheckReport>;
}

/** Loads the engine's code and opens the state. A command that needs neither (`version`, `help`) pays for neither. */
export async function openEngine({ options: { root }, front }: Session): Promise<EngineHandle> {
  const { Engine } = await import('@wherry/core');
  const engine = new Engine({
    ...(root === undefined ? {} : { root }),
    ...(front === undefined ? {} : { clientPid: front.pid }),
    env: process.env,
    onWarning: (sentence) => printError(`WARNING: ${sentence}`),
  });
  if (engine.notice !== undefined) printError(`wherry: ${engine.notice}`);
  return engine;
}
