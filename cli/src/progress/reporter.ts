import type { PullEvent } from '@wherry/core/api';
import { parseReference } from '@wherry/core/reference';
import { isTerminal, terminalSize, write } from '../terminal/output.ts';
import type { BoardSize } from './board.ts';
import { stepOf } from './layers.ts';
import { Board } from './live-board.ts';
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
    case 'retrying':
      return [`Retrying: ${event.why}`];
    case 'mirror-failed':
      return [`Mirror ${event.mirror} is passed over: ${event.why}`];
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

function boardReporter(output: ReporterOutput, size: () => BoardSize): ProgressReporter {
  const board = new Board(output, size);
  return {
    end: () => board.end(),
    onEvent: (event) => {
      const lines = eventLines(event);
      if (lines !== undefined) board.say(lines);
      if (event.kind === 'layer') board.show(stepOf(event));
    },
  };
}
