import type { PullEvent } from '../api.ts';

type Layer = Extract<PullEvent, { kind: 'layer' }>;
/** What is said of a layer, without its name. */
export type LayerEvent = Omit<Layer, 'kind' | 'id'>;

/** Bars are drawn less often than bytes arrive. */
const INTERVAL_MS = 50;

/** Says how far a layer is, and counts no more often than somebody can see. */
export class LayerProgress {
  readonly #emit: (event: LayerEvent) => void;
  readonly #total: number;
  #current = 0;
  #said = 0;

  /** @param total bytes of the blob */
  constructor(emit: (event: LayerEvent) => void, total: number) {
    this.#emit = emit;
    this.#total = total;
  }

  say(state: Layer['state']): void {
    this.#emit({ state });
  }

  retrying(why: string): void {
    this.#emit({ state: 'retrying', detail: why });
  }

  downloaded(bytes: number): void {
    this.#count('downloading', bytes);
  }

  /** Of a blob that was here already. */
  extracted(bytes: number): void {
    this.#count('extracting', bytes);
  }

  #count(state: 'downloading' | 'extracting', bytes: number): void {
    this.#current += bytes;
    const now = performance.now();
    if (this.#current < this.#total && now - this.#said < INTERVAL_MS) return;
    this.#said = now;
    this.#emit({ state, current: this.#current, total: this.#total });
  }
}
