import { type ContainerContext, fold } from './context.ts';

/**
 * Containers that a restart of the machine has ended and that their restart policies want back: those with `always`, and those with
 * `unless-stopped` that nobody has stopped. Oldest first, as one may stand on another's network.
 */
export function restartable(context: ContainerContext): readonly string[] {
  const { table } = context;
  const { running, leaving } = fold(context, table.inState('started'));
  const stopped = table.stoppedByUser();
  return table
    .all()
    .toReversed()
    .filter(({ id, state, startedAt }) => {
      // One that has never run is the user's to start.
      if (startedAt === undefined || state === 'removing' || running.has(id) || leaving.has(id)) return false;
      const policy = table.spec(id)?.options?.restart.name;
      return policy === 'always' || (policy === 'unless-stopped' && !stopped.has(id));
    })
    .map(({ id }) => id);
}
