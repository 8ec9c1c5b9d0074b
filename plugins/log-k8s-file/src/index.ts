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

/** The log format of Kubernetes (CRI), in `container:ctr.log`, as Podman's k8s-file. */
export function describe(): DriverInfo {
  return {
    name: 'k8s-file',
    kind: 'log',
    version: '0.1.0',
    summary: 'Lines as Kubernetes’ runtimes write them: time, stream, F or P, text.',
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

function defaults(): RotationDefaults {
  return { maxSize: '-1', maxFiles: '1', compress: 'false' };
}
