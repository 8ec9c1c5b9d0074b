import { humanSize } from '../format/units.ts';
import { isFinished, type Layer, type Layers } from './layers.ts';
import { STATE_WORDS } from './words.ts';

export interface BoardSize {
  readonly columns: number;
  readonly rows: number;
}

const WIDEST_BAR = 50;
const NARROWEST_BAR = 10;

/**
 * One line a layer, each shorter than the terminal is wide. When there are more layers than rows, those at work are
 * shown and the last line counts the others, so that the cursor never has to leave the screen.
 */
export function boardLines(layers: Layers, { columns, rows }: BoardSize): string[] {
  const all = [...layers.values()];
  const room = Math.max(2, rows - 1);
  if (all.length <= room) return all.map((layer) => layerLine(layer, columns));
  const chosen = new Set([...all].sort((a, b) => urgency(a) - urgency(b)).slice(0, room - 1));
  const hidden = all.filter((layer) => !chosen.has(layer));
  return [
    ...all.filter((layer) => chosen.has(layer)).map((layer) => layerLine(layer, columns)),
    countLine(hidden, columns),
  ];
}

/** Every layer's line, as it stays on the screen after the end. */
export function finalLines(layers: Layers, columns: number): string[] {
  return [...layers.values()].map((layer) => layerLine(layer, columns));
}

function urgency(layer: Layer): number {
  if (layer.state === 'waiting') return 1;
  return isFinished(layer) ? 2 : 0;
}

function countLine(hidden: readonly Layer[], columns: number): string {
  const finished = hidden.filter(isFinished).length;
  const waiting = hidden.filter(({ state }) => state === 'waiting').length;
  const parts = [
    [finished, 'complete'],
    [waiting, 'waiting'],
    [hidden.length - finished - waiting, 'at work'],
  ] as const;
  const counts = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return cut(`${hidden.length} more layers: ${counts.join(', ')}`, columns);
}

export function layerLine(layer: Layer, columns: number): string {
  const head = `${layer.id}: ${STATE_WORDS[layer.state]}`;
  if (layer.state === 'retrying')
    return cut(layer.detail === '' ? head : `${head} (${layer.detail})`, columns);
  const moving = layer.state === 'downloading' || layer.state === 'extracting';
  if (!moving || (layer.current === 0 && layer.total === 0)) return cut(head, columns);
  const numbers = amount(layer);
  const room = columns - 1 - head.length - numbers.length - ' []  '.length;
  const width = Math.min(WIDEST_BAR, room);
  if (layer.total === 0 || width < NARROWEST_BAR) return cut(`${head} ${numbers}`, columns);
  return `${head} [${bar(layer.current / layer.total, width)}]  ${numbers}`;
}

function amount({ state, current, total, rate }: Layer): string {
  const sizes = total === 0 ? humanSize(current) : `${humanSize(current)}/${humanSize(total)}`;
  return state === 'downloading' && rate > 0 ? `${sizes} ${humanSize(rate)}/s` : sizes;
}

function bar(share: number, width: number): string {
  const filled = Math.min(width, Math.floor(Math.max(0, share) * width));
  return filled >= width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width);
}

/** The last column stays free: some terminals wrap when it is written. */
function cut(line: string, columns: number): string {
  return line.length < columns ? line : line.slice(0, Math.max(0, columns - 1));
}

/** One write that turns the frame on the screen (so many lines, cursor below it) into the new one, without blanking it first. */
export function frame(shown: number, lines: readonly string[]): string {
  const up = shown > 0 ? `\x1b[${shown}A` : '';
  return `${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}${lines.length < shown ? '\x1b[J' : ''}`;
}
