import { Script } from 'node:vm';

/** A call took longer than it was given. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  /** Milliseconds. */
  readonly limit: number;

  constructor(limit: number) {
    super(`no answer within ${limit} ms`);
    this.limit = limit;
  }
}

const CALL = '__wherryDriverCall';
let script: Script | undefined;

/**
 * Runs a synchronous function, WebAssembly included, for at most `limit` milliseconds. Only V8 can interrupt a loop that
 * never returns, and only for a script that it runs itself; so the function is called from one.
 * @throws DeadlineError, and whatever the function throws
 */
export function withDeadline<T>(limit: number, run: () => T): T {
  script ??= new Script(`globalThis.${CALL}()`, { filename: 'driver-call.js' });
  const scope = globalThis as Record<string, unknown>;
  let value: { readonly result: T } | undefined;
  scope[CALL] = () => {
    value = { result: run() };
  };
  try {
    script.runInThisContext({ timeout: limit });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new DeadlineError(limit);
    throw error;
  } finally {
    delete scope[CALL];
  }
  if (value === undefined) throw new DeadlineError(limit);
  return value.result;
}
