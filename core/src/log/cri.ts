import type { LogLine } from '../api.ts';

const LINE = /^(\S+) (stdout|stderr) ([FP])(?:$| )/;
/** The longest time, a stream and a tag. */
const HEAD_BYTES = 64;
const NEWLINE = 0x0a;

/** What stood in front of the text of the last line; lines of one moment share it. */
let last = { head: new Uint8Array(), stream: 'stdout' as LogLine['stream'], time: '', partial: false };

/** Parses a line of Kubernetes' log format (CRI): time, stream, `F` or `P`, text. @returns undefined for one that is torn. */
export function parseCri(line: Uint8Array): LogLine | undefined {
  if (!beginsAsLast(line) && !learnHead(line)) return undefined;
  const { head, time, stream, partial } = last;
  // One without text may lack the space in front of it.
  const start = Math.min(head.length, line.length);
  if (partial) return { time, stream, text: line.slice(start) };
  const text = new Uint8Array(line.length - start + 1);
  text.set(line.subarray(start));
  text[text.length - 1] = NEWLINE;
  return { time, stream, text };
}

/** Byte by byte, as a call for each line would cost more than all of this. */
function beginsAsLast(line: Uint8Array): boolean {
  const { head } = last;
  if (head.length === 0 || head.length > line.length) return false;
  for (let at = head.length - 1; at >= 0; at -= 1) if (line[at] !== head[at]) return false;
  return true;
}

function learnHead(line: Uint8Array): boolean {
  // Latin-1 keeps bytes and characters in step.
  const match = LINE.exec(Buffer.from(line.subarray(0, HEAD_BYTES)).toString('latin1'));
  const [text = '', time = '', stream, kind = ''] = match ?? [];
  if (match === null) return false;
  last = {
    head: Uint8Array.from(Buffer.from(`${text.trimEnd()} `, 'latin1')),
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    partial: kind === 'P',
  };
  return true;
}
