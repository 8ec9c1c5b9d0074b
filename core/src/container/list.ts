import type { ContainerSummary } from '../api.ts';
import { type Facts, isRestarting } from './facts.ts';
import type { HealthStatus } from './health.ts';
import { isPausedNow } from './pause.ts';
import { type ContainerRow, containerState } from './record.ts';
import { statusText } from './status.ts';

/**
 * A row of `ps`. `facts`, and `health` with a check, are there when the container runs; `now` is in milliseconds since the epoch.
 */
export function summarize(
  row: ContainerRow,
  facts: Facts | undefined,
  now: number,
  health?: HealthStatus,
  ports = '',
): ContainerSummary {
  const restarting = facts !== undefined && isRestarting(facts);
  const paused = facts !== undefined && isPausedNow(facts);
  const state = containerState(row, facts !== undefined, { paused, restarting });
  const startedAt = facts?.started?.time ?? row.startedAt;
  const last = restarting ? facts.restarting : undefined;
  const finishedAt = last?.time ?? row.finishedAt;
  const exitCode = last?.status ?? row.exitCode;
  const status = statusText({ state, startedAt, finishedAt, exitCode, health }, now);
  const summary: Writable<ContainerSummary> = {
    id: row.id,
    name: row.name,
    image: row.image,
    imageId: row.imageId,
    command: row.command,
    created: row.created,
    state,
    status,
    ports,
    labels: row.labels,
  };
  if (state === 'exited' && row.exitCode !== undefined) summary.exitCode = row.exitCode;
  if (health !== undefined) summary.health = health;
  if (facts?.started !== undefined) summary.pid = facts.started.initPid;
  return summary;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
