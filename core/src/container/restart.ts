import { EXIT, WherryError } from '../errors/error.ts';
import type { ContainerContext } from './context.ts';
import { notFound } from './find.ts';
import { findRunning } from './running.ts';
import { startDetached } from './start-detached.ts';
import { type StopOptions, stopContainer } from './stop.ts';

/** Stops a container when it runs, and starts it. @throws WherryError `E_AUTO_REMOVE` */
export async function restartContainer(
  context: ContainerContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  const row = context.table.get(id);
  if (row === undefined) throw notFound(id);
  if (row.autoRemove && findRunning(context, id) !== undefined) {
    throw new WherryError(`Container ${row.name} has --rm, so stopping it would remove it.`, {
      code: 'E_AUTO_REMOVE',
      hint: 'Run it without --rm to be able to restart it.',
      exitCode: EXIT.failure,
    });
  }
  await stopContainer(context, id, options);
  await startDetached(context, id);
}
