import { WherryError } from '@wherry/core/errors';
import type { GlobalOptions } from './flags/global.ts';
import { STDERR, write } from './terminal/output.ts';
import { VERSION } from './version.ts';

/** Exit status of a defect: like an engine failure, it must not be taken for the container's own status. */
const DEFECT = 125;

/** The one place that writes an error to stderr. Answers with the exit status. */
export function reportError(
  error: unknown,
  { logLevel, logFormat }: Pick<GlobalOptions, 'logLevel' | 'logFormat'>,
): number {
  const debug = logLevel === 'debug' || logLevel === 'trace';
  write(STDERR, logFormat === 'json' ? errorRecord(error, debug) : errorText(error, debug));
  return error instanceof WherryError ? error.exitCode : DEFECT;
}

/**
 * A `WherryError` is a sentence and what to do; with `debug` also its code, its causes and the stack. Anything else is a
 * defect, and says so.
 */
export function errorText(error: unknown, debug: boolean): string {
  const lines = error instanceof WherryError ? userLines(error, debug) : defectLines(error, debug);
  if (debug) lines.push(...causeLines(error), ...stackLines(error));
  return `${lines.join('\n')}\n`;
}

/** The same as one line of JSON with the fields of the diagnostics: `code` and `hint` are a `WherryError`'s. */
export function errorRecord(error: unknown, debug: boolean): string {
  const record = {
    level: 50,
    time: Date.now(),
    pid: process.pid,
    ...(error instanceof WherryError
      ? { code: error.code, hint: error.hint, msg: error.message }
      : { code: 'E_DEFECT', hint: defectLines(error, debug)[1], msg: describe(error) }),
    ...(debug ? { causes: causeLines(error), stack: stackLines(error) } : {}),
  };
  return `${JSON.stringify(record)}\n`;
}

function userLines(error: WherryError, debug: boolean): string[] {
  return [`wherry: ${error.message}${debug ? ` (${error.code})` : ''}`, error.hint];
}

function defectLines(error: unknown, debug: boolean): string[] {
  const again = debug ? '' : ' run the command again with --log-level debug and';
  return [
    `wherry: a defect in Wherry ${VERSION} ended this command: ${describe(error)}`,
    `Please report it:${again} send what it prints, with the output of "wherry info".`,
  ];
}

function causeLines(error: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>([error]);
  let cause = causeOf(error);
  while (cause !== undefined && !seen.has(cause)) {
    seen.add(cause);
    lines.push(`Caused by: ${describe(cause)}`);
    if (cause instanceof AggregateError) lines.push(...cause.errors.map((each) => `  - ${describe(each)}`));
    cause = causeOf(cause);
  }
  return lines;
}

function stackLines(error: unknown): string[] {
  const stack = error instanceof Error ? error.stack : undefined;
  return stack === undefined ? [] : stack.split('\n').filter((line) => /^\s+at /.test(line));
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? undefined) : undefined;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
