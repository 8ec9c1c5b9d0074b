import type { PushEvent } from '@wherry/core/api';
import { humanSize } from '../format/units.ts';
import { isTerminal, terminalSize, write } from '../terminal/output.ts';
import { frame } from './board.ts';

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
  mounted: 'Mounted from another repository',
};
const BAR = 30;

/** Progress of a push on stdout: a line a layer that is redrawn, or a line a state where that can't be. */
export function pushProgress(fd: 1 | 2): PushReporter {
  const layers = new Map<string, LayerEvent>();
  const drawable = isTerminal(fd) && process.env.TERM !== 'dumb';
  let shown = 0;
  const draw = (rows: number, columns: number): void => {
    const all = [...layers.values()];
    const chosen = all.length < rows ? all : [...all].sort((a, b) => rank(a) - rank(b)).slice(0, rows - 1);
    const lines = chosen.map((layer) => layerLine(layer).slice(0, columns - 1));
    write(fd, frame(shown, lines));
    shown = lines.length;
  };
  const end = (): void => {
    if (drawable && layers.size > 0) draw(Number.POSITIVE_INFINITY, terminalSize(fd).columns);
    layers.clear();
    shown = 0;
  };
  return {
    end,
    onEvent: (event) => {
      if (event.kind !== 'layer') {
        end();
        write(fd, `${line(event)}\n`);
      } else if (drawable) {
        layers.set(event.id, event);
        const { rows, columns } = terminalSize(fd);
        draw(rows, columns);
      } else if (event.state !== 'pushing') write(fd, `${event.id}: ${WORDS[event.state]}\n`);
    },
  };
}

/** Docker's lines around the layers. */
function line(event: Exclude<PushEvent, LayerEvent>): string {
  if (event.kind === 'repository') return `The push refers to repository [${event.repository}]`;
  return `${event.tag}: digest: ${event.digest} size: ${event.size}`;
}

function layerLine({ id, state, current = 0, total = 0 }: LayerEvent): string {
  if (state !== 'pushing' || total === 0) return `${id}: ${WORDS[state]}`;
  const filled = Math.floor((current / total) * BAR);
  const bar = `${'='.repeat(filled)}>`.slice(0, BAR).padEnd(BAR);
  return `${id}: ${WORDS[state]} [${bar}]  ${humanSize(current)}/${humanSize(total)}`;
}

function rank({ state }: LayerEvent): number {
  return state === 'pushing' ? 0 : state === 'preparing' ? 1 : 2;
}
