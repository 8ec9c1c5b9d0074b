import type { PullEvent, PushEvent } from '@wherry/core/api';
import { describe, expect, it } from 'vitest';
import { Screen } from '../../../test/support/screen.ts';
import { meter } from '../../src/progress/meter.ts';
import { pushReporter } from '../../src/progress/push.ts';
import { reporter } from '../../src/progress/reporter.ts';

type LayerEvent = Extract<PullEvent, { kind: 'layer' }>;
const SIZE = { columns: 80, rows: 24 };
const LAYERS = 40;

/** A terminal and a clock that goes on by `step` ms with each look at it. */
function terminal(size = SIZE, step = 100) {
  const screen = new Screen(size);
  const writes: string[] = [];
  let now = 0;
  return {
    screen,
    writes,
    output: {
      write: (text: string) => {
        writes.push(text);
        screen.write(text);
      },
      size: () => size,
      now: () => {
        now += step;
        return now;
      },
    },
  };
}

/** What a pull of 40 layers tells, three at a time, with every state in it. */
function* pullOf(count: number): Generator<PullEvent> {
  const id = (index: number) => index.toString(16).padStart(12, '0');
  const layer = (index: number, state: LayerEvent['state'], more: Partial<LayerEvent> = {}): PullEvent => ({
    kind: 'layer',
    id: id(index),
    state,
    ...more,
  });
  yield { kind: 'resolving', reference: 'localhost:5000/big', tag: 'latest' };
  for (let index = 0; index < count; index += 1) yield layer(index, index % 10 === 9 ? 'exists' : 'waiting');
  for (let first = 0; first < count; first += 3) {
    const group = [first, first + 1, first + 2].filter((index) => index < count && index % 10 !== 9);
    const total = 80_000_000;
    for (let current = 20_000_000; current <= total; current += 20_000_000)
      for (const index of group) yield layer(index, 'downloading', { current, total });
    for (const index of group) {
      if (index === 4) yield layer(index, 'retrying', { detail: 'the connection was cut' });
      yield layer(index, 'verifying');
      yield layer(index, 'extracting');
      yield layer(index, 'done');
    }
  }
  yield { kind: 'pulled', reference: 'localhost:5000/big:latest', digest: 'sha256:1', status: 'downloaded' };
}

describe('a pull of 40 layers on a terminal of 80 by 24', () => {
  const { screen, writes, output } = terminal();
  const progress = reporter(output);
  const seen: string[] = [];
  for (const event of pullOf(LAYERS)) {
    progress.onEvent(event);
    const ids = screen.visible.flatMap((line) => /^([0-9a-f]{12}):/.exec(line)?.[1] ?? []);
    // No layer stands on the screen twice, and nothing has scrolled away while it goes on.
    expect(new Set(ids).size).toBe(ids.length);
    if (event.kind === 'layer') expect(screen.lines.length).toBeLessThanOrEqual(SIZE.rows);
    seen.push(...screen.visible);
  }
  progress.end();

  it('shows every state in its turn', () => {
    for (const words of [
      /^[0-9a-f]{12}: Waiting$/,
      /^[0-9a-f]{12}: Downloading \[=+> *\] {2}\d+MB\/80MB \d+(\.\d+)?MB\/s$/,
      /^[0-9a-f]{12}: Retrying \(the connection was cut\)$/,
      /^[0-9a-f]{12}: Verifying Checksum$/,
      /^[0-9a-f]{12}: Extracting$/,
      /^[0-9a-f]{12}: Pull complete$/,
      /^[0-9a-f]{12}: Already exists$/,
      /^\d+ more layers: \d+ complete, \d+ waiting$/,
    ]) {
      expect(
        seen.some((line) => words.test(line)),
        String(words),
      ).toBe(true);
    }
  });

  it('leaves every layer once, in order, between its head and its digest', () => {
    const states = Array.from(
      { length: LAYERS },
      (_, index) =>
        `${index.toString(16).padStart(12, '0')}: ${index % 10 === 9 ? 'Already exists' : 'Pull complete'}`,
    );
    expect(screen.lines).toEqual([
      'latest: Pulling from big',
      ...states,
      'Digest: sha256:1',
      'Status: Downloaded newer image for localhost:5000/big:latest',
    ]);
  });

  it('doesn’t flicker: a frame is one write, and what has not changed is left as it is', () => {
    const frames = writes.slice(30, -3);
    // A whole screen of 23 lines has 1,400 bytes and more; what changes in a step is a few lines.
    const mean = frames.reduce((sum, text) => sum + text.length, 0) / frames.length;
    expect(mean).toBeLessThan(300);
    expect(frames.every((text) => !text.includes('\x1b[J') || text.endsWith('\x1b[J'))).toBe(true);
  });
});

it('few events are drawn at once, many no more often than an eye follows', async () => {
  const { writes, output } = terminal(SIZE, 1);
  const progress = reporter(output);
  for (const event of pullOf(3)) if (event.kind === 'layer') progress.onEvent(event);
  expect(writes.length).toBeLessThan(5);
  progress.end();
});

it('a terminal of few rows and columns gets lines that fit', () => {
  const size = { columns: 30, rows: 5 };
  const { screen, output } = terminal(size);
  const progress = reporter(output);
  for (const event of pullOf(LAYERS)) {
    progress.onEvent(event);
    if (event.kind === 'layer') expect(screen.lines.length).toBeLessThanOrEqual(size.rows);
  }
});

describe('a push', () => {
  const events: PushEvent[] = [
    { kind: 'repository', repository: 'localhost:5000/a' },
    { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'preparing' },
    { kind: 'layer', id: 'bbbbbbbbbbbb', state: 'preparing' },
    { kind: 'layer', id: 'cccccccccccc', state: 'preparing' },
    { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'pushing', current: 0, total: 10_000_000 },
    { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'pushing', current: 5_000_000, total: 10_000_000 },
    { kind: 'layer', id: 'bbbbbbbbbbbb', state: 'mounted', detail: 'team/base' },
    { kind: 'layer', id: 'cccccccccccc', state: 'foreign' },
    { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'pushed' },
    { kind: 'pushed', tag: '1', digest: 'sha256:1', size: 7 },
  ];
  const end = [
    'aaaaaaaaaaaa: Pushed',
    'bbbbbbbbbbbb: Mounted from team/base',
    'cccccccccccc: Skipped foreign layer',
  ];

  it('has a bar a layer on a terminal', () => {
    const { screen, output } = terminal(SIZE, 300);
    const progress = pushReporter(output);
    const seen: string[] = [];
    for (const event of events) {
      progress.onEvent(event);
      seen.push(...screen.visible);
    }
    expect(seen.some((line) => /^aaaaaaaaaaaa: Pushing \[=+> +\] {2}5MB\/10MB \d.*MB\/s$/.test(line))).toBe(
      true,
    );
    expect(screen.lines).toEqual([
      'The push refers to repository [localhost:5000/a]',
      ...end,
      '1: digest: sha256:1 size: 7',
    ]);
  });

  it('is a line a state elsewhere, without numbers', () => {
    let text = '';
    const progress = pushReporter({ write: (more) => (text += more), size: undefined, now: () => 0 });
    for (const event of events) progress.onEvent(event);
    progress.end();
    expect(text.split('\n')).toEqual([
      'The push refers to repository [localhost:5000/a]',
      'aaaaaaaaaaaa: Preparing',
      'bbbbbbbbbbbb: Preparing',
      'cccccccccccc: Preparing',
      'bbbbbbbbbbbb: Mounted from team/base',
      'cccccccccccc: Skipped foreign layer',
      'aaaaaaaaaaaa: Pushed',
      '1: digest: sha256:1 size: 7',
      '',
    ]);
  });
});

describe('a meter', () => {
  async function* pieces(count: number): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < count; index += 1) yield new Uint8Array(1_000_000);
  }
  const drain = async (source: AsyncIterable<Uint8Array>, look: () => void): Promise<number> => {
    let bytes = 0;
    for await (const piece of source) {
      bytes += piece.length;
      look();
    }
    return bytes;
  };

  it('counts what passes, with a bar where the whole is known, and is gone at the end', async () => {
    const { screen, output } = terminal();
    const seen: string[] = [];
    const { count } = meter('files.tar', 'Reading', 40_000_000, output);
    expect(await drain(count(pieces(40)), () => seen.push(...screen.visible))).toBe(40_000_000);
    expect(seen.some((line) => /^files\.tar: Reading \[=+> +\] {2}20MB\/40MB \d.*\/s$/.test(line))).toBe(
      true,
    );
    expect(screen.lines).toEqual([]);
  });

  it('says the bytes alone where it isn’t', async () => {
    const { screen, output } = terminal();
    const seen: string[] = [];
    await drain(meter('app', 'Saving', undefined, output).count(pieces(20)), () =>
      seen.push(...screen.visible),
    );
    expect(seen.some((line) => /^app: Saving 15MB \d.*\/s$/.test(line))).toBe(true);
  });

  it('shows nothing of what is quick, and nothing where there is no terminal', async () => {
    const { writes, output } = terminal(SIZE, 1);
    await drain(meter('app', 'Saving', undefined, output).count(pieces(20)), () => {});
    await drain(meter('app', 'Saving', undefined, { ...output, size: undefined }).count(pieces(5)), () => {});
    expect(writes).toEqual([]);
  });
});
