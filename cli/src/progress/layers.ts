import type { PullEvent } from '@wherry/core/api';
import { STATE_WORDS } from './words.ts';

export type LayerEvent = Extract<PullEvent, { kind: 'layer' }>;

/** What is told of one thing that progresses. */
export interface Step {
  readonly id: string;
  readonly words: string;
  readonly phase: 'waiting' | 'moving' | 'finished';
  /** Bytes so far, and in all; without a bar is drawn. */
  readonly current?: number | undefined;
  readonly total?: number | undefined;
  /** Whether the bytes come or go over a line whose rate tells something. */
  readonly rated?: boolean;
  readonly detail?: string | undefined;
}

export interface Layer {
  readonly id: string;
  readonly words: string;
  readonly phase: Step['phase'];
  readonly current: number;
  readonly total: number;
  readonly detail: string;
  /** Bytes a second, smoothed; 0 until a first sample, and for what has none. */
  readonly rate: number;
  /** Of the last sample of the rate: ms, and the bytes then. */
  readonly sampledAt: number;
  readonly sampledBytes: number;
}

/** Layers by id in the order in which they were first heard of. */
export type Layers = ReadonlyMap<string, Layer>;

const SAMPLE_MS = 250;
const WEIGHT = 0.4;

/** What is known after a pull's event at `now` (ms). */
export function withEvent(layers: Layers, event: LayerEvent, now: number): Layers {
  return withStep(layers, stepOf(event), now);
}

/** What is known after a step at `now` (ms). */
export function withStep(layers: Layers, step: Step, now: number): Layers {
  const { id, words, phase, current, total, detail, rated = false } = step;
  const before = layers.get(id);
  const same = before?.words === words;
  const layer: Layer = {
    id,
    words,
    phase,
    current: current ?? (same ? before.current : 0),
    total: total ?? (same ? before.total : 0),
    detail: detail ?? '',
    ...(same && rated && before.sampledAt > 0
      ? rateOf(before, current ?? before.current, now)
      : { rate: 0, sampledAt: now, sampledBytes: current ?? 0 }),
  };
  return new Map(layers).set(id, layer);
}

export function stepOf({ id, state, current, total, detail }: LayerEvent): Step {
  const finished = state === 'done' || state === 'exists';
  const moves = state === 'downloading' || state === 'extracting';
  return {
    id,
    words: STATE_WORDS[state],
    phase: finished ? 'finished' : state === 'waiting' ? 'waiting' : 'moving',
    rated: state === 'downloading',
    ...(moves ? { current, total } : {}),
    ...(state === 'retrying' ? { detail } : {}),
  };
}

function rateOf(
  before: Layer,
  current: number,
  now: number,
): Pick<Layer, 'rate' | 'sampledAt' | 'sampledBytes'> {
  const { rate, sampledAt, sampledBytes } = before;
  const elapsed = now - sampledAt;
  if (elapsed < SAMPLE_MS) return { rate, sampledAt, sampledBytes };
  const measured = (Math.max(0, current - sampledBytes) * 1000) / elapsed;
  return {
    rate: rate === 0 ? measured : rate + WEIGHT * (measured - rate),
    sampledAt: now,
    sampledBytes: current,
  };
}

export function isFinished({ phase }: Layer): boolean {
  return phase === 'finished';
}
