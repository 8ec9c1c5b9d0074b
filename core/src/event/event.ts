import { utcTime } from '../container/time.ts';

/** What happened to an object, in Docker's words (Engine API, SystemEvents). */
export type EventType = 'container' | 'image' | 'network' | 'volume';

export interface NewEvent {
  readonly type: EventType;
  /** `create`, `die`, `health_status: healthy`, `exec_create: ls -l`, … */
  readonly action: string;
  /** Full id of the object, or its name where Docker has that; `''` for what concerns many, as `prune`. */
  readonly actor: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** RFC 3339 in UTC with nine digits; now when absent. */
  readonly time?: string;
  /** Of an event of a network or a volume: the container it was about. */
  readonly container?: string;
}

export interface EngineEvent extends NewEvent {
  readonly time: string;
}

/** Of this process, by two clocks; `performance`, which has both in one, takes a millisecond to load. */
const START = process.hrtime.bigint();
const START_MICROS = Date.now() * 1000;

/** Now, in RFC 3339 with nine digits of which six are true: what a monitor writes in the same millisecond keeps its order. */
export function eventTime(): string {
  const micros = START_MICROS + Number((process.hrtime.bigint() - START) / 1000n);
  const rest = String(micros % 1_000_000).padStart(6, '0');
  return `${utcTime(Math.floor(micros / 1000)).slice(0, 20)}${rest}000Z`;
}
