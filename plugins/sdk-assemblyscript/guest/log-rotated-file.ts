import { checkRotation, type RotationDefaults, rotatedFiles, rotationOf } from './log-rotation.ts';
import { at } from './step.ts';
import {
  type Framing,
  type KeyValue,
  type OpenRequest,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
} from './types.ts';

/** A log of the host's writing in the container's directory, with older files beside it. */
export class RotatedFile {
  path!: string;
  framing!: Framing;
  defaults!: RotationDefaults;
}

/** `open` of a driver of such a log. @param attributes written with each message */
export function openRotated(request: OpenRequest, file: RotatedFile, attributes: KeyValue[]): SinkResult {
  const wrong = checkRotation(request.options, file.defaults);
  if (wrong !== null) return SinkResult.err(wrong);
  const rotation = rotationOf(request.options, file.defaults);
  return SinkResult.ok(
    Sink.file({
      at: at('container', file.path),
      framing: file.framing,
      maxSize: rotation.maxSize,
      maxFiles: rotation.maxFiles,
      compress: rotation.compress,
      attributes: attributes,
    }),
  );
}

/** `read` of the same. */
export function readRotated(request: OpenRequest, file: RotatedFile): ReadingResult {
  const wrong = checkRotation(request.options, file.defaults);
  if (wrong !== null) return ReadingResult.err(wrong);
  const files = rotatedFiles(file.path, rotationOf(request.options, file.defaults));
  return ReadingResult.ok(Reading.files({ files: files, framing: file.framing }));
}
