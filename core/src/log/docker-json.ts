import type { LogLine } from '../api.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const START = '{"log":"';
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const REST = /^n","stream":"(stdout|stderr)","time":"([^"\\]+)"\}$/;

/** What stood behind the text of the last line; lines of one moment share it. */
let last = { rest: '', stream: 'stdout' as LogLine['stream'], time: '' };

/** Most lines hold nothing that is escaped but their newline: their bytes are the text. @returns undefined for others */
function parsePlain(line: Uint8Array): LogLine | undefined {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  const end = bytes.indexOf(BACKSLASH, START.length);
  if (end < 0 || bytes.toString('latin1', 0, START.length) !== START) return undefined;
  const rest = bytes.toString('latin1', end + 1);
  if (rest !== last.rest) {
    const [, stream, time] = REST.exec(rest) ?? [];
    if (time === undefined) return undefined;
    last = { rest, stream: stream === 'stderr' ? 'stderr' : 'stdout', time };
  }
  const text = line.slice(START.length, end + 1);
  text[text.length - 1] = NEWLINE;
  return { time: last.time, stream: last.stream, text };
}

/**
 * Parses one line of Docker's json-file log: an object with `log`, `stream`, `time` and, where asked for, `attrs`.
 * @returns undefined for a line that is torn, as a crash of the machine may leave one.
 */
export function parseDockerJson(line: Uint8Array): LogLine | undefined {
  return parsePlain(line) ?? parseAny(line);
}

function parseAny(line: Uint8Array): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(line));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, stream, time, attrs } = value as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  const attributes = parseAttributes(attrs);
  return {
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    text: encoder.encode(log),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function parseAttributes(attrs: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof attrs !== 'object' || attrs === null) return undefined;
  return Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, String(value)]));
}
