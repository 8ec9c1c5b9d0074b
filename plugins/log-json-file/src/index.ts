import { unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { attributesOf, checkTag } from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
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
  type Location,
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

/** Docker's json-file: `container:ID-json.log`, and `.1`, `.2`, … for what was rotated, the highest the oldest. */
export function describe(): DriverInfo {
  return {
    name: 'json-file',
    kind: 'log',
    version: '0.1.0',
    summary: 'One JSON object a line, in a file beside the container.',
    permissions: [],
    options: [
      option('max-size', 'size', '-1', 'Size at which the file is rotated, such as 10m; -1 for never.'),
      option('max-file', 'number', '1', 'How many files are kept, the current one included.'),
      option('compress', 'boolean', 'false', 'Whether rotated files are compressed.'),
      option('labels', 'text', '', 'Names of labels, with commas between them, that each line carries.'),
      option(
        'env',
        'text',
        '',
        'Names of environment variables, with commas between them, that each line carries.',
      ),
      option('tag', 'text', '', 'A tag that each line carries, such as {{.Name}}/{{.ID}}.'),
    ],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 100, reason: 'needs nothing of the machine' };
}

export function open(request: OpenRequest): SinkResult {
  const unrotatable = checkRotation(request.options, defaults());
  if (unrotatable !== null) return SinkResult.err(unrotatable);
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  const rotation = rotationOf(request.options, defaults());
  return SinkResult.ok(
    Sink.file({
      at: current(request.container),
      framing: 'docker-json',
      maxSize: rotation.maxSize,
      maxFiles: rotation.maxFiles,
      compress: rotation.compress,
      attributes: attributesOf(request),
    }),
  );
}

export function read(request: OpenRequest): ReadingResult {
  const unrotatable = checkRotation(request.options, defaults());
  if (unrotatable !== null) return ReadingResult.err(unrotatable);
  const rotation = rotationOf(request.options, defaults());
  const files = rotatedFiles(current(request.container).path, rotation);
  return ReadingResult.ok(Reading.files({ files: files, framing: 'docker-json' }));
}

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(
    unsupported('the host itself reads the files of json-file', 'Use the answer of read.'),
  );
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host itself writes the file of json-file', 'Use the sink that open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}

function current(container: string): Location {
  return at('container', `${container}-json.log`);
}

function defaults(): RotationDefaults {
  return { maxSize: '-1', maxFiles: '1', compress: 'false' };
}
