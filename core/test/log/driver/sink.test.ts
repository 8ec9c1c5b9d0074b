import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCount } from '../../../../test/support/log-count.ts';
import { logLoss } from '../../../src/container/inspect-log.ts';
import { DriverSink } from '../../../src/log/driver/sink.ts';
import { linesOf } from '../../../src/log/form.ts';
import { LineReader } from '../../../src/log/reader.ts';
import { openSource } from '../../../src/log/source.ts';
import type { Entry } from '../../../src/plugin/contract.ts';
import { openDrivers } from '../../../src/plugin/drivers.ts';
import { MemoryState } from '../../../src/plugin/state.ts';

const CONTAINER = 'c'.repeat(64);
const TIME = '2026-01-01T00:00:00.000000001Z';

let directory: string;
const state = new MemoryState();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-driver-log-'));
  await buildCount(join(directory, 'plugins/count'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const entry = (text: string, stream: Entry['stream'] = 'stdout', partial = false): Entry => ({
  time: TIME,
  stream,
  partial,
  text: Buffer.from(text),
  attributes: [],
});

it('hands batches to a driver, keeps what it answers with and its state, and counts what it loses', () => {
  const drivers = openDrivers({
    builtin: [],
    directories: [join(directory, 'plugins')],
    stateFor: () => state,
    // One that loops is to be cut off soon; a sound one needs a thousandth of this.
    deadlines: { first: 1500, next: 1500 },
  });
  const log = drivers.log('count');
  const config = {
    socket: '',
    directory,
    root: directory,
    driver: 'count',
    container: CONTAINER,
    tells: false,
  };
  const sink = new DriverSink(config, log, (changes) => state.apply(changes));
  sink.take([entry('one'), entry('#no'), entry('two', 'stderr')]);
  sink.take([]);
  sink.take([entry('never'), entry('!fail')]);
  sink.take([entry('half', 'stdout', true)]);
  expect(logLoss(directory)).toMatchObject({ DroppedBytes: 12, Error: expect.stringMatching(/!fail/) });
  // Of an instance that has broken nothing is left: the next one begins anew.
  sink.take([entry('!trap')]);
  sink.take([entry('!loop')]);
  sink.take([entry('last')]);
  sink.end();
  expect(readFileSync(join(directory, 'driver.log'), 'utf8')).toBe(
    `1 ${TIME} o F one\n2 ${TIME} e F two\n4 ${TIME} o P half\n1 ${TIME} o F last\n`,
  );
  expect(logLoss(directory)).toEqual({
    DroppedBytes: 24,
    Error: expect.stringMatching(/gave no answer to write within 1500 ms/),
  });
  expect([state.get(`written/${CONTAINER}`), state.get(`closed/${CONTAINER}`)]).toEqual(['1', '1']);
  using source = openSource(join(directory, 'driver.log'));
  if (source === undefined) throw new Error('there is no log');
  const form = {
    delimiting: 'newline',
    parseLines: (lines: Uint8Array) =>
      log.parse(lines).value.map(({ time, stream, text }) => ({ time, stream, text })),
  } as const;
  const lines = [...linesOf(new LineReader(source, 0, 'newline').lines(), form)];
  expect(lines.map(({ stream, text }) => `${stream} ${Buffer.from(text)}`)).toEqual([
    'stdout one',
    'stderr two',
    'stdout half',
    'stdout last',
  ]);
});
