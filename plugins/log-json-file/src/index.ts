import { attributeOptions, attributesOf, checkTag } from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import {
  openRotated,
  type RotatedFile,
  readRotated,
} from '@wherry/sdk-assemblyscript/guest/log-rotated-file.ts';
import { rotationOptions } from '@wherry/sdk-assemblyscript/guest/log-rotation.ts';
import {
  type DriverInfo,
  type Facts,
  type Fitness,
  type OpenRequest,
  type ResultReadingDriverError as ReadingResult,
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
    options: rotationOptions(file('').defaults).concat(attributeOptions('')),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 100, reason: 'needs nothing of the machine' };
}

export function open(request: OpenRequest): SinkResult {
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  return openRotated(request, file(request.container), attributesOf(request));
}

export function read(request: OpenRequest): ReadingResult {
  return readRotated(request, file(request.container));
}

function file(container: string): RotatedFile {
  return {
    path: `${container}-json.log`,
    framing: 'docker-json',
    defaults: { maxSize: '-1', maxFiles: '1', compress: 'false' },
  };
}
