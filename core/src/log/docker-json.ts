import type { LogLine } from '../api.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const START = encoder.encode('{"log":"');
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const REST = /^n","stream":"(stdout|stderr)","time":"([^"\\]+)"\}$/;

/** What stood behind the text of the last line; lines of one moment share it. */
let last = { rest: new Uint8Array(), stream: 'stdout' as LogLine['stream'], time: '' };

/**
 * Most lines hold nothing that is escaped but their newline: their bytes are the text. Byte by byte, as a call for each line
 * would cost more than all of this. @returns undefined for others
 */
function parsePlain(line: Uint8Array): LogLine | undefined {
  for (let at = 0; at < START.length; at += 1) if (line[at] !== START[at]) return undefined;
  let end = line.length - last.rest.length - 1;
  if (last.rest.length === 0 || end < START.length || !endsWith(line, last.rest)) {
    end = line.indexOf(BACKSLASH, START.length);
    if (end < 0 || !learnRest(line.subarray(end + 1))) return undefined;
  } else {
    for (let at = START.length; at < end; at += 1) if (line[at] === BACKSLASH) return undefined;
    if (line[end] !== BACKSLASH) return undefined;
  }
  const text = line.slice(START.length, end + 1);
  text[text.length - 1] = NEWLINE;
  return { time: last.time, stream: last.stream, text };
}

function endsWith(line: Uint8Array, end: Uint8Array): boolean {
  const before = line.length - end.length;
  // From the end on, where times differ.
  for (let at = end.length - 1; at >= 0; at -= 1) if (line[before + at] !== end[at]) return false;
  return true;
}

/** @returns whether it is what stands behind a line without attributes */
function learnRest(bytes: Uint8Array): boolean {
  const rest = Buffer.from(bytes);
  const [, stream, time] = REST.exec(rest.toString('latin1')) ?? [];
  if (time === undefined) return false;
  last = { rest, stream: stream === 'stderr' ? 'stderr' : 'stdout', time };
  return true;
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
