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
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export { close, parse, write } from '@wherry/sdk-assemblyscript/guest/log-hosted.ts';

/** Docker's local: length-prefixed records in `container:local.log`, rotated and compressed unless told otherwise. */
export function describe(): DriverInfo {
  return {
    name: 'local',
    kind: 'log',
    version: '0.1.0',
    summary: 'Compact records in files that are rotated and compressed.',
    permissions: [],
    options: rotationOptions(defaults()),
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

function defaults(): RotationDefaults {
  return { maxSize: '20m', maxFiles: '5', compress: 'true' };
}
