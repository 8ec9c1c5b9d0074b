import type { LogLine } from '../api.ts';

const LINE = /^(\S+) (stdout|stderr) ([FP])(?:$| )/;
/** The longest time, a stream and a tag. */
const HEAD_BYTES = 64;
const NEWLINE = Uint8Array.of(0x0a);

/** Parses a line of Kubernetes' log format (CRI): time, stream, `F` or `P`, text. @returns undefined for one that is torn. */
export function parseCri(line: Uint8Array): LogLine | undefined {
  // Latin-1 keeps bytes and characters in step.
  const match = LINE.exec(Buffer.from(line.subarray(0, HEAD_BYTES)).toString('latin1'));
  const [head = '', time = '', stream, kind] = match ?? [];
  if (match === null) return undefined;
  const bytes = line.subarray(head.length);
  return {
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    text: kind === 'F' ? Buffer.concat([bytes, NEWLINE]) : bytes.slice(),
  };
}
