import { type GlobalOptions, LOG_LEVELS } from './flags/global.ts';
import { STDERR, write } from './terminal/output.ts';

export type LogLevel = Exclude<GlobalOptions['logLevel'], 'silent'>;
export type LogFields = Readonly<Record<string, unknown>>;

/** One record on stderr, when the level asks for it; pino is loaded with the first one that is written. */
export async function diagnose(
  options: GlobalOptions,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): Promise<void> {
  if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(options.logLevel)) return;
  const { pino } = await import('pino');
  const destination = {
    write: (line: string) => write(STDERR, options.logFormat === 'json' ? line : prettyLine(line)),
  };
  pino({ level: options.logLevel, base: { pid: process.pid } }, destination)[level]({ ...fields }, message);
}

const NAMES: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** pino's JSON line as a person reads it: time, level, message, the fields as `name=value`. */
export function prettyLine(line: string): string {
  const { level, time, pid: _, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const words = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const clock = new Date(Number(time)).toISOString().slice(11, 23);
  return `${[clock, (NAMES[Number(level)] ?? 'LOG').padEnd(5), String(msg ?? ''), ...words].join(' ')}\n`;
}
