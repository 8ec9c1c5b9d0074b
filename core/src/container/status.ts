import type { ContainerState } from '../api.ts';
import type { HealthStatus } from './health.ts';

/** A length of time in words, as Docker's tables have it (`docker/go-units`, HumanDuration). `ms` is milliseconds. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(ms / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(ms / 3_600_000 / 24 / 365)} years`;
}

export interface StatusFacts {
  readonly state: ContainerState;
  /** RFC 3339. */
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly health?: HealthStatus | undefined;
}

const since = (time: string | undefined, now: number): string =>
  humanDuration(Math.max(0, now - Date.parse(time ?? '')));

function healthText(health: HealthStatus | undefined): string {
  if (health === undefined) return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}

/** Docker's STATUS column. `now` is in milliseconds since the epoch. */
export function statusText(facts: StatusFacts, now: number): string {
  switch (facts.state) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${since(facts.startedAt, now)}${healthText(facts.health)}`;
    case 'paused':
      return `Up ${since(facts.startedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${facts.exitCode ?? 0}) ${since(facts.finishedAt, now)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'exited':
      return `Exited (${facts.exitCode ?? 0}) ${since(facts.finishedAt, now)} ago`;
  }
}
