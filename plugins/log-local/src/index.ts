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

/** Docker's local: length-prefixed records in `container:local.log`, rotated and compressed unless told otherwise. */
export function describe(): DriverInfo {
  return {
    name: 'local',
    kind: 'log',
    version: '0.1.0',
    summary: 'Compact records in files that are rotated and compressed.',
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
  return {
    path: 'local.log',
    framing: 'binary',
    defaults: { maxSize: '20m', maxFiles: '5', compress: 'true' },
  };
}
