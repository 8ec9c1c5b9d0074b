import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogLine, LogsOptions } from '../../src/api.ts';
import { parseDockerJson } from '../../src/log/docker-json.ts';
import { type FollowOptions, readLog } from '../../src/log/read.ts';

const DOCKER_JSON = { delimiting: 'newline', parse: parseDockerJson } as const;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-log-'));
  path = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true }));

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const record = (index: number) =>
  `${JSON.stringify({ log: `line ${index}\n`, stream: index % 2 ? 'stderr' : 'stdout', time: time(index) })}\n`;
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => record(from + index)).join('');
const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);
const files = () => ({ paths: [`${path}.2.gz`, `${path}.1`, path], form: DOCKER_JSON });

async function* linesIn(pieces: AsyncIterable<readonly LogLine[]>): AsyncGenerator<LogLine> {
  for await (const piece of pieces) yield* piece;
}

async function read(options: LogsOptions, follow?: FollowOptions): Promise<string[]> {
  const lines: string[] = [];
  for await (const piece of readLog(files(), options, follow))
    lines.push(...piece.map(({ text }) => Buffer.from(text).toString()));
  return lines;
}

describe('readLog', () => {
  beforeEach(() => {
    writeFileSync(`${path}.2.gz`, gzipSync(records(0, 5)));
    writeFileSync(`${path}.1`, records(5, 10));
    writeFileSync(path, records(10, 15));
  });

  it('reads rotated files oldest first', async () => {
    expect(await read({})).toEqual(names(0, 15));
  });
  it.each([0, 1, 4, 5, 6, 12, 15, 99])('takes %d lines from the end', async (tail) => {
    expect(await read({ tail })).toEqual(names(Math.max(0, 15 - tail), 15));
  });
  it('takes the lines between two times, both included', async () => {
    expect(await read({ since: time(4), until: time(11) })).toEqual(names(4, 12));
  });
  it('applies the tail before the times, as Docker does', async () => {
    expect(await read({ tail: 3, since: time(9) })).toEqual(names(12, 15));
  });
  it('passes over a record that a crash tore', async () => {
    appendFileSync(path, '{"log":"to');
    expect(await read({ tail: 3 })).toEqual(names(13, 15));
  });
});

it('finds the end of a long log through many blocks', async () => {
  writeFileSync(path, records(0, 5000));
  expect(await read({ tail: 3000 })).toEqual(names(2000, 5000));
});

it('has no lines before anything was logged', async () => {
  expect(await read({})).toEqual([]);
});

describe('readLog, following', () => {
  it('gives lines as they are written, through rotations, until the end', async () => {
    let ended = false;
    const seen: string[] = [];
    const follow = { directories: [directory], ended: () => ended };
    writeFileSync(path, records(0, 1));
    for await (const line of linesIn(readLog(files(), { follow: true }, follow))) {
      seen.push(Buffer.from(line.text).toString());
      if (seen.length === 1) appendFileSync(path, records(1, 2));
      if (seen.length === 2) {
        appendFileSync(path, records(2, 3));
        renameSync(path, `${path}.1`);
        writeFileSync(path, records(3, 5));
      }
      if (seen.length === 5) {
        writeFileSync(`${path}.2.gz`, gzipSync(records(0, 3)));
        renameSync(path, `${path}.1`);
        ended = true;
        writeFileSync(path, records(5, 6));
      }
    }
    expect(seen).toEqual(names(0, 6));
  });

  it('begins when the log appears later', async () => {
    let ended = false;
    const lines = read({ follow: true }, { directories: [directory], ended: () => ended });
    setImmediate(() => {
      ended = true;
      writeFileSync(path, records(0, 2));
    });
    expect(await lines).toEqual(names(0, 2));
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const lines = read(
      { follow: true, signal: stop.signal },
      { directories: [directory], ended: () => false },
    );
    setImmediate(() => stop.abort());
    expect(await lines).toEqual([]);
  });
});

describe('parseDockerJson', () => {
  it('keeps attributes and bytes beyond ASCII', () => {
    const line = parseDockerJson(
      Buffer.from('{"log":"grüß\\n","stream":"stderr","attrs":{"tag":"x"},"time":"2026-01-01T00:00:00.5Z"}'),
    );
    expect(line).toMatchObject({
      stream: 'stderr',
      attributes: { tag: 'x' },
      time: '2026-01-01T00:00:00.5Z',
    });
    expect(Buffer.from(line?.text ?? []).toString()).toBe('grüß\n');
  });
  it('is not led astray by the line before', () => {
    const at = (log: string, stream: string, time: string) =>
      `{"log":${JSON.stringify(log)},"stream":"${stream}","time":"${time}"}`;
    const lines = [
      ['plain\n', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['again\n', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['\n', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['tab\there "quoted" back\\slash\n', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['ends in a backslash\\n', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['no newline', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['', 'stdout', '2026-01-01T00:00:00.5Z'],
      ['errors\n', 'stderr', '2026-01-01T00:00:00.5Z'],
      ['later\n', 'stderr', '2026-01-01T00:00:00.123456789Z'],
      ['","stream":"stdout","time":"x"}\n', 'stderr', '2026-01-01T00:00:00.123456789Z'],
    ] as const;
    for (const [log, stream, time] of lines) {
      const line = parseDockerJson(Buffer.from(at(log, stream, time)));
      expect(line && { ...line, text: Buffer.from(line.text).toString() }).toEqual({
        text: log,
        stream,
        time,
      });
    }
  });
  it.each(['', 'nonsense', '{"log":', '[]', '{"log":1,"time":"x"}'])('passes over %j', (text) => {
    expect(parseDockerJson(Buffer.from(text))).toBeUndefined();
  });
});
