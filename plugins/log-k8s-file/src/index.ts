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

/** The log format of Kubernetes (CRI), in `container:ctr.log`, as Podman's k8s-file. */
export function describe(): DriverInfo {
  return {
    name: 'k8s-file',
    kind: 'log',
    version: '0.1.0',
    summary: 'Lines as Kubernetes’ runtimes write them: time, stream, F or P, text.',
    permissions: [],
    options: [
      option('max-size', 'size', '-1', 'Size at which the file is rotated, such as 10m; -1 for never.'),
      option('max-file', 'number', '1', 'How many files are kept, the current one included.'),
      option('compress', 'boolean', 'false', 'Whether rotated files are compressed.'),
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
      at: at('container', 'ctr.log'),
      framing: 'cri',
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
  const files = rotatedFiles('ctr.log', rotationOf(request.options, defaults()));
  return ReadingResult.ok(Reading.files({ files: files, framing: 'cri' }));
}

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(
    unsupported('log driver k8s-file has nothing to parse', 'Use the answer of read.'),
  );
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host itself writes to the files of k8s-file', 'Use the sink that open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}

function defaults(): RotationDefaults {
  return { maxSize: '-1', maxFiles: '1', compress: 'false' };
}
