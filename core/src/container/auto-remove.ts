import { type ContainerContext, currentRow } from './context.ts';
import { removeContainer } from './remove.ts';

/** Does a part of a start; when it fails, a container with `--rm` is removed, as it is at its end. */
export async function orRemove<Result>(
  context: ContainerContext,
  id: string,
  start: () => Promise<Result>,
): Promise<Result> {
  const before = currentRow(context, id);
  try {
    return await start();
  } catch (error) {
    // One that was running before has only been asked for a second start.
    if (before?.row.autoRemove === true && !before.running)
      await removeContainer(context, id, { volumes: true });
    throw error;
  }
}
