import type { PullEvent } from '@wherry/core/api';
import { parseReference } from '@wherry/core/reference';
import { isTerminal, terminalSize, write } from '../terminal/output.ts';
import { type BoardSize, boardLines, finalLines, frame } from './board.ts';
import { type Layers, withEvent } from './layers.ts';
import { PLAIN_WORDS } from './words.ts';

export interface ProgressReporter {
  readonly onEvent: (event: PullEvent) => void;
  /** Leaves the screen with what was reached; also after a failure. */
  readonly end: () => void;
}

export interface ReporterOutput {
  readonly write: (text: string) => void;
  /** Undefined where lines can't be redrawn. */
  readonly size: (() => BoardSize) | undefined;
  readonly now: () => number;
}

const REDRAW_MS = 80;

/** Progress of a pull on stdout (`pull`) or stderr (`run`, `create`), as Docker prints it. */
export function pullProgress(fd: 1 | 2): ProgressReporter {
  const drawable = isTerminal(fd) && process.env.TERM !== 'dumb';
  return reporter({
    write: (text) => write(fd, text),
    size: drawable ? () => terminalSize(fd) : undefined,
    now: Date.now,
  });
}

export const SILENT: ProgressReporter = { onEvent: () => {}, end: () => {} };

export function reporter(output: ReporterOutput): ProgressReporter {
  return output.size === undefined ? plainReporter(output) : boardReporter(output, output.size);
}

/** The lines around the layers; undefined for an event that is a layer's. */
export function eventLines(event: PullEvent): string[] | undefined {
  switch (event.kind) {
    case 'not-found-locally':
      return [`Unable to find image '${event.reference}' locally`];
    case 'resolving':
      return [`${event.tag}: Pulling from ${parseReference(event.reference).path}`];
    case 'pulled': {
      const status = event.status === 'up-to-date' ? 'Image is up to date' : 'Downloaded newer image';
      return [`Digest: ${event.digest}`, `Status: ${status} for ${event.reference}`];
    }
    case 'layer':
      return undefined;
  }
}

function plainReporter({ write }: ReporterOutput): ProgressReporter {
  const said = new Map<string, string>();
  return {
    end: () => {},
    onEvent: (event) => {
      const lines = eventLines(event);
      if (lines !== undefined) write(`${lines.join('\n')}\n`);
      if (event.kind !== 'layer') return;
      const words = PLAIN_WORDS[event.state];
      const line =
        event.detail === undefined || event.state !== 'retrying' ? words : `${words} (${event.detail})`;
      if (line === undefined || said.get(event.id) === line) return;
      said.set(event.id, line);
      write(`${event.id}: ${line}\n`);
    },
  };
}

function boardReporter({ write, now }: ReporterOutput, size: () => BoardSize): ProgressReporter {
  let layers: Layers = new Map();
  let shown = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    drawnAt = now();
    const lines = boardLines(layers, size());
    write(frame(shown, lines));
    shown = lines.length;
  };
  const end = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (layers.size > 0) write(frame(shown, finalLines(layers, size().columns)));
    layers = new Map();
    shown = 0;
  };
  return {
    end,
    onEvent: (event) => {
      const lines = eventLines(event);
      if (lines !== undefined) {
        end();
        write(`${lines.join('\n')}\n`);
      }
      if (event.kind !== 'layer') return;
      const changed = layers.get(event.id)?.state !== event.state;
      layers = withEvent(layers, event, now());
      if (changed || now() - drawnAt >= REDRAW_MS) draw();
      else timer ??= setTimeout(draw, REDRAW_MS);
    },
  };
}
