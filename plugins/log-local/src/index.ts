import { unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import {
  checkRotation,
  type RotationDefaults,
  rotatedFiles,
  rotationOf,
} from '@wherry/sdk-assemblyscript/guest/log-rotation.ts';
import { option } from '@wherry/sdk-assemblyscript/guest/option.ts';
import { at } from '@wherry/sdk-assemblyscript/guest/step.ts';
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

/** Docker's local: length-prefixed records in `container:local.log`, rotated and compressed unless told otherwise. */
export function describe(): DriverInfo {
  return {
    name: 'local',
    kind: 'log',
    version: '0.1.0',
    summary: 'Compact records in files that are rotated and compressed.',
    permissions: [],
    options: [
      option('max-size', 'size', '20m', 'Size at which the file is rotated, such as 10m; -1 for never.'),
      option('max-file', 'number', '5', 'How many files are kept, the current one included.'),
      option('compress', 'boolean', 'true', 'Whether rotated files are compressed.'),
    ],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 50, reason: 'needs nothing of the machine' };
}

export function open(request: OpenRequest): SinkResult {
  const unrotatable = checkRotation(request.options, defaults());
  if (unrotatable !== null) return SinkResult.err(unrotatable);
  const rotation = rotationOf(request.options, defaults());
  return SinkResult.ok(
    Sink.file({
      at: at('container', 'local.log'),
      framing: 'binary',
      maxSize: rotation.maxSize,
      maxFiles: rotation.maxFiles,
      compress: rotation.compress,
      attributes: [],
    }),
  );
}

export function read(request: OpenRequest): ReadingResult {
  const unrotatable = checkRotation(request.options, defaults());
  if (unrotatable !== null) return ReadingResult.err(unrotatable);
  const files = rotatedFiles('local.log', rotationOf(request.options, defaults()));
  return ReadingResult.ok(Reading.files({ files: files, framing: 'binary' }));
}

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(unsupported('log driver local has nothing to parse', 'Use the answer of read.'));
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host itself writes to the files of local', 'Use the sink that open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}

function defaults(): RotationDefaults {
  return { maxSize: '20m', maxFiles: '5', compress: 'true' };
}
