import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from './transport.ts';

export interface RetryPolicy {
  /** Tries in all. */
  readonly attempts: number;
  /** The first pause; each later one is twice as long, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
}

export const RETRY: RetryPolicy = { attempts: 5, firstMs: 250, longestMs: 8_000 };

/** A registry that wants a longer pause than this gets an error instead. */
export const LONGEST_RETRY_AFTER_MS = 60_000;

/** Answers that another try may mend (RFC 9110, 15.6; RFC 6585, 4). */
export function isRetryStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Milliseconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date). */
export function retryAfter({ headers }: Pick<Response, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Waits before try number `attempt` (from 1), with a quarter of chance so that clients don't come back in step. */
export async function pause(
  policy: RetryPolicy,
  attempt: number,
  asked: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const backoff = Math.min(policy.firstMs * 2 ** (attempt - 1), policy.longestMs);
  const ms = asked ?? backoff * (0.75 + Math.random() / 2);
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}
