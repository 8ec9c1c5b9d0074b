import {
  openRotated,
  type RotatedFile,
  readRotated,
} from '@wherry/sdk-assemblyscript/guest/log-rotated-file.ts';
import { rotationOptions } from '@wherry/sdk-assemblyscript/guest/log-rotation.ts';
import type {
  DriverInfo,
  Facts,
  Fitness,
  OpenRequest,
  ResultReadingDriverError as ReadingResult,
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
    options: rotationOptions(file().defaults),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 50, reason: 'needs nothing of the machine' };
}

export function open(request: OpenRequest): SinkResult {
  return openRotated(request, file(), []);
}

export function read(request: OpenRequest): ReadingResult {
  return readRotated(request, file());
}

function file(): RotatedFile {
  return { path: 'ctr.log', framing: 'cri', defaults: { maxSize: '-1', maxFiles: '1', compress: 'false' } };
}
