import { describe, expect, it } from 'vitest';
import { boardLines, finalLines, frame, layerLine } from '../../src/progress/board.ts';
import { type LayerEvent, type Layers, withEvent } from '../../src/progress/layers.ts';

const SIZE = { columns: 80, rows: 24 };

function layer(id: number, state: LayerEvent['state'], more: Partial<LayerEvent> = {}): LayerEvent {
  return { kind: 'layer', id: id.toString(16).padStart(12, '0'), state, ...more };
}

function after(...events: LayerEvent[]): Layers {
  return events.reduce<Layers>(
    (layers, event, index) => withEvent(layers, event, 1000 * (index + 1)),
    new Map(),
  );
}

describe('the board of layers', () => {
  it('shows state, bar, amount and rate in one line', () => {
    const layers = after(
      layer(1, 'downloading', { current: 0, total: 40_000_000 }),
      layer(1, 'downloading', { current: 10_000_000, total: 40_000_000 }),
    );
    expect(boardLines(layers, SIZE)).toEqual([
      '000000000001: Downloading [========>                        ]  10MB/40MB 10MB/s',
    ]);
  });

  it.each([40, 80, 132, 300])('never fills the last of %d columns', (columns) => {
    const states = [
      'waiting',
      'downloading',
      'verifying',
      'extracting',
      'done',
      'exists',
      'retrying',
    ] as const;
    const layers = after(
      ...states.map((state, index) =>
        layer(index, state, {
          current: 123_456_789,
          total: 987_654_321,
          detail: 'connection reset by peer, again in 12 seconds',
        }),
      ),
    );
    for (const line of boardLines(layers, { columns, rows: 24 })) expect(line.length).toBeLessThan(columns);
  });

  it('fits 40 layers on 24 rows: those at work, and a count of the others', () => {
    const events = Array.from({ length: 40 }, (_, index) =>
      index < 15
        ? layer(index, 'done')
        : index < 18
          ? layer(index, 'downloading', { current: 1, total: 2 })
          : layer(index, 'waiting'),
    );
    const lines = boardLines(after(...events), SIZE);
    expect(lines).toHaveLength(23);
    expect(lines.filter((line) => line.includes('Downloading'))).toHaveLength(3);
    expect(lines.at(-1)).toBe('18 more layers: 15 complete, 3 waiting');
    expect(finalLines(after(...events), 80)).toHaveLength(40);
  });

  it('redraws in place in one piece what has changed, and clears what a shorter frame leaves', () => {
    expect(frame([], ['a', 'b'], 80)).toBe('\ra\x1b[K\nb\x1b[K\n');
    expect(frame(['a', 'c'], ['a', 'b'], 80)).toBe('\x1b[2A\r\nb\x1b[K\n');
    expect(frame(['a', 'b', 'c'], ['a'], 80)).toBe('\x1b[3A\r\n\x1b[J');
  });

  it('finds its first row again on a terminal that has become narrower', () => {
    expect(frame(['x'.repeat(70), 'b'], ['a', 'b'], 40)).toBe('\x1b[3A\ra\x1b[K\nb\x1b[K\n\x1b[J');
  });

  it('says why it tries again', () => {
    const [line = ''] = boardLines(after(layer(1, 'retrying', { detail: 'connection reset' })), SIZE);
    expect(line).toBe('000000000001: Retrying (connection reset)');
  });

  it('is full when everything has arrived', () => {
    const [first] = after(layer(1, 'extracting', { current: 10, total: 10 })).values();
    expect(first === undefined ? '' : layerLine(first, 80)).toMatch(/ Extracting \[=+\] {2}10B\/10B$/);
  });
});
