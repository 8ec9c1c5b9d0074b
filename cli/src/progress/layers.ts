import type { PullEvent } from '@wherry/core/api';

export type LayerEvent = Extract<PullEvent, { kind: 'layer' }>;

export interface Layer {
  readonly id: string;
  readonly state: LayerEvent['state'];
  readonly current: number;
  readonly total: number;
  readonly detail: string;
  /** Bytes a second, smoothed; 0 until a first sample. */
  readonly rate: number;
  /** Of the last sample of the rate: ms, and the bytes then. */
  readonly sampledAt: number;
  readonly sampledBytes: number;
}

/** Layers by id in the order in which they were first heard of. */
export type Layers = ReadonlyMap<string, Layer>;

const SAMPLE_MS = 250;
const WEIGHT = 0.4;

/** What is known after an event at `now` (ms). */
export function withEvent(
  layers: Layers,
  { id, state, current, total, detail }: LayerEvent,
  now: number,
): Layers {
  const before = layers.get(id);
  const sameState = before?.state === state;
  const layer: Layer = {
    id,
    state,
    current: current ?? (sameState ? before.current : 0),
    total: total ?? before?.total ?? 0,
    detail: detail ?? '',
    ...(sameState && before.sampledAt > 0
      ? rateOf(before, current ?? before.current, now)
      : { rate: 0, sampledAt: now, sampledBytes: current ?? 0 }),
  };
  return new Map(layers).set(id, layer);
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

export function isFinished({ state }: Layer): boolean {
  return state === 'done' || state === 'exists';
}
