import type { PushEvent } from '@wherry/core/api';
import { isTerminal, terminalSize, write } from '../terminal/output.ts';
import type { Step } from './layers.ts';
import { Board } from './live-board.ts';
import type { ReporterOutput } from './reporter.ts';

type LayerEvent = Extract<PushEvent, { kind: 'layer' }>;

export interface PushReporter {
  readonly onEvent: (event: PushEvent) => void;
  readonly end: () => void;
}

const WORDS: Readonly<Record<LayerEvent['state'], string>> = {
  preparing: 'Preparing',
  pushing: 'Pushing',
  pushed: 'Pushed',
  exists: 'Layer already exists',
  mounted: 'Mounted from',
  foreign: 'Skipped foreign layer',
};

/** Progress of a push: a line a layer that is redrawn, or a line a state where that can't be. */
export function pushProgress(fd: 1 | 2): PushReporter {
  const drawable = isTerminal(fd) && process.env.TERM !== 'dumb';
  return pushReporter({
    write: (text) => write(fd, text),
    size: drawable ? () => terminalSize(fd) : undefined,
    now: Date.now,
  });
}

export function pushReporter({ write, now, size }: ReporterOutput): PushReporter {
  if (size === undefined) {
    return {
      end: () => {},
      onEvent: (event) =>
        event.kind !== 'layer' || event.state !== 'pushing' ? write(`${line(event)}\n`) : undefined,
    };
  }
  const board = new Board({ write, now }, size);
  return {
    end: () => board.end(),
    onEvent: (event) => (event.kind === 'layer' ? board.show(stepOf(event)) : board.say([line(event)])),
  };
}

/** Docker's lines. */
function line(event: PushEvent): string {
  if (event.kind === 'repository') return `The push refers to repository [${event.repository}]`;
  if (event.kind === 'layer') return `${event.id}: ${words(event)}`;
  return `${event.tag}: digest: ${event.digest} size: ${event.size}`;
}

function words({ state, detail }: LayerEvent): string {
  return detail === undefined ? WORDS[state] : `${WORDS[state]} ${detail}`;
}

function stepOf(event: LayerEvent): Step {
  const { id, state, current, total } = event;
  return {
    id,
    words: words(event),
    phase: state === 'preparing' ? 'waiting' : state === 'pushing' ? 'moving' : 'finished',
    rated: state === 'pushing',
    ...(state === 'pushing' ? { current, total } : {}),
  };
}
