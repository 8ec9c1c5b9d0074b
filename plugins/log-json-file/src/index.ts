import { attributeOptions, attributesOf, checkTag } from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import {
  checkRotation,
  type RotationDefaults,
  rotatedFiles,
  rotationOf,
  rotationOptions,
} from '@wherry/sdk-assemblyscript/guest/log-rotation.ts';
import { at } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  type DriverInfo,
  type Facts,
  type Fitness,
  type Location,
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export { close, parse, write } from '@wherry/sdk-assemblyscript/guest/log-hosted.ts';

/** Docker's json-file: `container:ID-json.log`, and `.1`, `.2`, … for what was rotated, the highest the oldest. */
export function describe(): DriverInfo {
  return {
    name: 'json-file',
    kind: 'log',
    version: '0.1.0',
    summary: 'One JSON object a line, in a file beside the container.',
    permissions: [],
    options: rotationOptions(defaults()).concat(attributeOptions('')),
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

function current(container: string): Location {
  return at('container', `${container}-json.log`);
}

function defaults(): RotationDefaults {
  return { maxSize: '-1', maxFiles: '1', compress: 'false' };
}
