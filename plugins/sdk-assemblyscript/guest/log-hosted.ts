import { unsupported } from './failure.ts';
import {
  ResultListU8DriverError as BytesResult,
  ResultListEntryDriverError as EntriesResult,
  type Entry,
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  ResultUnitDriverError as UnitResult,
} from './types.ts';

/** For a driver to export as its own: what it answers when the host writes the sink and reads it back without help. */
export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(
    unsupported('this log driver has nothing to parse', 'Read what its function read answers.'),
  );
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host writes for this log driver', 'Write to the sink that its function open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}

/** `read` of a driver whose messages have left for somewhere that has no way back. */
export function unreadable(_request: OpenRequest): ReadingResult {
  return ReadingResult.ok(Reading.unreadable('configured logging driver does not support reading'));
}
