import { runDetached } from '../launcher/run.ts';
import { argumentVector } from './command.ts';
import type { ContainerContext } from './context.ts';
import { prepareLaunch } from './start.ts';

/**
 * Starts a container without a client.
 * @throws WherryError with exit status 125, 126 or 127 when its command could not be executed
 */
export async function startDetached(context: ContainerContext, id: string): Promise<void> {
  const { table } = context;
  const before = table.get(id);
  const program = await prepareLaunch(context, id, { kind: 'detached' });
  const spec = table.spec(id);
  const [command = ''] = spec === undefined ? [] : argumentVector(spec.command);
  try {
    await runDetached(context.launcher(), program, command);
  } catch (error) {
    // It doesn't run, so its facts needn't be looked at by every `ps` from now on.
    if (before !== undefined) table.endLaunch(id, before.launch + 1);
    throw error;
  }
}
