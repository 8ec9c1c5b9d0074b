import { unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import {
  ResultListU8DriverError as BytesResult,
  type DriverInfo,
  ResultListEntryDriverError as EntriesResult,
  type Entry,
  type Facts,
  type Fitness,
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

/** Output goes nowhere. */
export function describe(): DriverInfo {
  return {
    name: 'none',
    kind: 'log',
    version: '0.1.0',
    summary: 'No log is kept.',
    permissions: [],
    options: [],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'keeps no log' };
}

export function open(_request: OpenRequest): SinkResult {
  return SinkResult.ok(Sink.none());
}

export function read(_request: OpenRequest): ReadingResult {
  return ReadingResult.ok(Reading.unreadable('configured logging driver does not support reading'));
}

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(unsupported('log driver none has nothing to parse', 'Choose another log driver.'));
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(unsupported('log driver none writes nothing', 'Choose another log driver.'));
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}
