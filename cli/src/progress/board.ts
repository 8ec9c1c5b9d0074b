import { humanSize } from '../format/units.ts';
import { isFinished, type Layer, type Layers } from './layers.ts';

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

function urgency({ phase }: Layer): number {
  return ['moving', 'waiting', 'finished'].indexOf(phase);
}

function countLine(hidden: readonly Layer[], columns: number): string {
  const finished = hidden.filter(isFinished).length;
  const waiting = hidden.filter(({ phase }) => phase === 'waiting').length;
  const parts = [
    [finished, 'complete'],
    [waiting, 'waiting'],
    [hidden.length - finished - waiting, 'at work'],
  ] as const;
  const counts = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return cut(`${hidden.length} more layers: ${counts.join(', ')}`, columns);
}

export function layerLine(layer: Layer, columns: number): string {
  const { id, words, detail, current, total } = layer;
  const head = `${id}: ${words}${detail === '' ? '' : ` (${detail})`}`;
  if (current === 0 && total === 0) return cut(head, columns);
  const numbers = amount(layer);
  const room = columns - 1 - head.length - numbers.length - ' []  '.length;
  const width = Math.min(WIDEST_BAR, room);
  if (total === 0 || width < NARROWEST_BAR) return cut(`${head} ${numbers}`, columns);
  return `${head} [${bar(current / total, width)}]  ${numbers}`;
}

function amount({ current, total, rate }: Layer): string {
  const sizes = total === 0 ? humanSize(current) : `${humanSize(current)}/${humanSize(total)}`;
  return rate > 0 ? `${sizes} ${humanSize(rate)}/s` : sizes;
}

function bar(share: number, width: number): string {
  const filled = Math.min(width, Math.floor(Math.max(0, share) * width));
  return filled >= width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width);
}

/** The last column stays free: some terminals wrap when it is written. */
function cut(line: string, columns: number): string {
  return line.length < columns ? line : line.slice(0, Math.max(0, columns - 1));
}

/**
 * One write that turns the lines on the screen, with the cursor below them, into new ones, without blanking any first. Lines that
 * stay as they are aren't written again.
 * @param columns of the terminal; where it has become narrower than the lines on it, those take several rows each
 */
export function frame(before: readonly string[], lines: readonly string[], columns: number): string {
  const rows = before.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  const up = rows > 0 ? `\x1b[${rows}A` : '';
  const intact = rows === before.length;
  const written = lines.map((line, index) => (intact && line === before[index] ? '\n' : `${line}\x1b[K\n`));
  return `${up}\r${written.join('')}${lines.length < rows ? '\x1b[J' : ''}`;
}
