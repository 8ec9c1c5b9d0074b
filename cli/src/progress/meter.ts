import { isTerminal, STDERR, terminalSize, write } from '../terminal/output.ts';
import { type BoardSize, frame, layerLine } from './board.ts';
import { type Layers, withStep } from './layers.ts';
import type { BoardOutput } from './live-board.ts';

/** What ends sooner needs no line. */
const PATIENCE_MS = 500;
const REDRAW_MS = 100;

/** One line on how many bytes have gone by, taken away at the end. */
export interface Meter {
  /** Bytes so far. */
  readonly say: (bytes: number) => void;
  /** Counts what passes; the line is gone when it has ended. */
  readonly count: (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  readonly end: () => void;
}

export interface MeterOutput extends BoardOutput {
  /** Undefined where no line can be redrawn, and none is shown. */
  readonly size: (() => BoardSize) | undefined;
}

/** A meter on standard error, if that is a terminal. @param total bytes in all, where that is known */
export function stderrMeter(name: string, words: string, total?: number): Meter {
  const drawable = isTerminal(STDERR) && process.env.TERM !== 'dumb';
  const size = drawable ? () => terminalSize(STDERR) : undefined;
  return meter(name, words, total, { write: (text) => write(STDERR, text), now: Date.now, size });
}

export function meter(
  name: string,
  words: string,
  total: number | undefined,
  { write, now, size }: MeterOutput,
): Meter {
  const began = now();
  let layers: Layers = new Map();
  let shown: readonly string[] = [];
  let drawnAt = began + PATIENCE_MS - REDRAW_MS;
  const say = (bytes: number): void => {
    if (size === undefined) return;
    layers = withStep(
      layers,
      { id: name, words, phase: 'moving', current: bytes, total, rated: true },
      now(),
    );
    if (now() - drawnAt < REDRAW_MS) return;
    drawnAt = now();
    const { columns } = size();
    const lines = [...layers.values()].map((layer) => layerLine(layer, columns));
    write(frame(shown, lines, columns));
    shown = lines;
  };
  const end = (): void => {
    if (size !== undefined && shown.length > 0) write(frame(shown, [], size().columns));
    shown = [];
  };
  const count = async function* (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    try {
      for await (const piece of pieces) {
        bytes += piece.length;
        say(bytes);
        yield piece;
      }
    } finally {
      end();
    }
  };
  return { say, count, end };
}
