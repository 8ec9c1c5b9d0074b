import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../store/lease.ts';

/** How often it is looked whether another process has finished. */
const POLL_MS = 50;

/** Takes the work on a thing once nobody else has it, so that it isn't done twice. Look afterwards whether it has been done. */
export async function claimWhenFree(
  lease: Lease,
  kind: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  while (!lease.claim(kind, name)) {
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}
