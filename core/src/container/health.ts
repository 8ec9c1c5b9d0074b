import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../api.ts';
import { refusedFlags } from '../errors/argument.ts';
import { errnoOf } from '../store/errno.ts';
import { goDuration } from './duration.ts';
import { invalidOption } from './option-error.ts';

/** Flags of `run` and `create` on the health check; times in nanoseconds. */
export interface HealthRequest {
  readonly none?: boolean;
  readonly cmd?: string;
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

/** A container's health check as its record keeps it. */
export interface HealthCheck {
  /** As Docker shows it: times in nanoseconds, what isn't set is absent. */
  readonly config: NonNullable<ImageConfig['Healthcheck']>;
  /** What is executed; empty when nothing is checked. */
  readonly argv: readonly string[];
}

/** What holds when neither flag nor image says anything; milliseconds. */
const DEFAULTS = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5000, retries: 3 };
const NS_PER_MS = 1_000_000;

/**
 * The health check of a container by Docker's rules: what the flags don't say is the image's.
 * @throws WherryError `E_OPTION`
 */
export function mergeHealth(request: HealthRequest | undefined, image: ImageConfig): HealthCheck | undefined {
  const own = request === undefined ? undefined : requested(request);
  const below = image.Healthcheck === undefined ? undefined : sound(image.Healthcheck);
  if (own === undefined && below === undefined) return undefined;
  const config = { ...below, ...own };
  return { config, argv: command(config.Test ?? [], image.Shell) };
}

/** What of an image's check has the form that it should have: images are made by many a tool. */
function sound(check: Readonly<Record<string, unknown>>): HealthCheck['config'] {
  const fits = ([key, value]: readonly [string, unknown]): boolean =>
    key === 'Test'
      ? Array.isArray(value) && value.every((word) => typeof word === 'string')
      : Number.isSafeInteger(value);
  return Object.fromEntries(Object.entries(check).filter(fits));
}

function requested({ none = false, cmd, ...rest }: HealthRequest): HealthCheck['config'] | undefined {
  const given = Object.values(rest).some((each) => each !== undefined);
  if (none) {
    if (!given && cmd === undefined) return { Test: ['NONE'] };
    throw refusedFlags('--no-healthcheck conflicts with --health-* options', 'Leave one of them out.');
  }
  if (!given && cmd === undefined) return undefined;
  const time = (flag: string, name: string, value: number | undefined): number | undefined => {
    if (value === undefined || value === 0) return undefined;
    if (value < 0)
      throw refusedFlags(`--health-${flag} cannot be negative`, 'Give a duration as 30s or 1m30s.');
    if (value >= NS_PER_MS) return value;
    throw invalidOption(`${name} in Healthcheck cannot be less than 1ms`, 'Give a duration as 30s or 1m30s.');
  };
  if (rest.retries !== undefined && rest.retries < 0)
    throw refusedFlags('--health-retries cannot be negative', 'Give a number of failures in a row.');
  const fields = {
    Test: cmd === undefined || cmd === '' ? undefined : ['CMD-SHELL', cmd],
    Interval: time('interval', 'Interval', rest.interval),
    Timeout: time('timeout', 'Timeout', rest.timeout),
    StartPeriod: time('start-period', 'StartPeriod', rest.startPeriod),
    StartInterval: time('start-interval', 'StartInterval', rest.startInterval),
    Retries: rest.retries === 0 ? undefined : rest.retries,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Dockerfile's HEALTHCHECK: `NONE`, `CMD` and words, or `CMD-SHELL` and a line for the image's shell. */
function command(
  [kind, ...words]: readonly string[],
  shell: readonly string[] | undefined,
): readonly string[] {
  if (kind === 'CMD') return words;
  if (kind !== 'CMD-SHELL') return [];
  return [...(shell === undefined || shell.length === 0 ? ['/bin/sh', '-c'] : shell), words.join(' ')];
}

/** Times for the launch program, in milliseconds. */
export function healthTimes({ config }: HealthCheck): typeof DEFAULTS {
  const ms = (value: number | undefined, absent: number): number =>
    value === undefined || value <= 0 ? absent : Math.max(1, Math.round(value / NS_PER_MS));
  return {
    interval: ms(config.Interval, DEFAULTS.interval),
    timeout: ms(config.Timeout, DEFAULTS.timeout),
    startPeriod: ms(config.StartPeriod, DEFAULTS.startPeriod),
    startInterval: ms(config.StartInterval, DEFAULTS.startInterval),
    retries: config.Retries === undefined || config.Retries <= 0 ? DEFAULTS.retries : config.Retries,
  };
}

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** What the file `health` of a container's directory says. */
export interface HealthFact {
  readonly status: HealthStatus;
  readonly failingStreak: number;
  readonly log: readonly {
    readonly start: string;
    readonly end: string;
    readonly exitCode: number;
    readonly timedOut: boolean;
    /** Whether it wrote more than was kept. */
    readonly cut: boolean;
    readonly output: string;
  }[];
}

/** Undefined when the container has no check, or hasn't been started. */
export function readHealth(directory: string): HealthFact | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(directory, 'health'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parseHealth(bytes);
}

/** The lines have the lengths of the outputs between them (launcher/PROGRAM.md, "Facts"). */
export function parseHealth(bytes: Buffer): HealthFact | undefined {
  let at = 0;
  const line = (): string[] => {
    const end = bytes.indexOf('\n', at);
    const words = bytes.toString('latin1', at, end === -1 ? bytes.length : end).split(' ');
    at = end === -1 ? bytes.length : end + 1;
    return words;
  };
  const [status, streak] = line();
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return undefined;
  const log: HealthFact['log'][number][] = [];
  while (at < bytes.length) {
    const [start = '', end = '', exitCode, timedOut, cut, length] = line();
    const output = bytes.toString('utf8', at, at + Number(length));
    at += Number(length) + 1;
    log.push({
      start,
      end,
      exitCode: Number(exitCode),
      timedOut: timedOut === '1',
      cut: cut === '1',
      output,
    });
  }
  return { status, failingStreak: Number(streak), log };
}

/** `.State.Health` of `inspect`. A check that has ended with its container counts as failed, as in Docker. */
export function healthState(
  check: HealthCheck,
  fact: HealthFact | undefined,
  running: boolean,
): Readonly<Record<string, unknown>> | undefined {
  if (check.argv.length === 0) return undefined;
  const timeout = goDuration(healthTimes(check).timeout);
  return {
    Status: fact === undefined ? 'starting' : running ? fact.status : 'unhealthy',
    FailingStreak: fact?.failingStreak ?? 0,
    Log: (fact?.log ?? []).map(({ start, end, exitCode, timedOut, cut, output }) => {
      const text = cut ? `${output}...` : output;
      const late = `Health check exceeded timeout (${timeout})`;
      const Output = !timedOut ? text : text === '' ? late : `${late}: ${text}`;
      return { Start: start, End: end, ExitCode: exitCode, Output };
    }),
  };
}
