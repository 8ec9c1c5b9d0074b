/** The source of replies, which is held back while nobody takes them. */
export interface Tap {
  pause(): void;
  resume(): void;
}

const HIGH = 256;
const LOW = 64;

/** Replies in order for `for await`. Leaving the loop early lets the rest run by unread. */
export class ReplyQueue<T> implements AsyncIterableIterator<T> {
  readonly #tap: Tap;
  #items: T[] = [];
  #next = 0;
  #paused = false;
  #left = false;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(tap: Tap) {
    this.#tap = tap;
  }

  push(item: T): void {
    if (this.#left) return;
    this.#items.push(item);
    if (!this.#paused && this.#items.length - this.#next > HIGH) {
      this.#paused = true;
      this.#tap.pause();
    }
    this.#wake?.();
  }

  end(failure?: { readonly error: unknown }): void {
    this.#end = failure ?? {};
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#next === this.#items.length && this.#end === undefined && !this.#left) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
    const value = this.#items[this.#next];
    if (value === undefined) {
      if (this.#end !== undefined && 'error' in this.#end && !this.#left) throw this.#end.error;
      return { done: true, value: undefined };
    }
    this.#next += 1;
    if (this.#items.length - this.#next <= LOW) this.#relax();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<T>> {
    this.#left = true;
    this.#items = [];
    this.#next = 0;
    this.#relax();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #relax(): void {
    this.#items = this.#items.slice(this.#next);
    this.#next = 0;
    if (!this.#paused) return;
    this.#paused = false;
    this.#tap.resume();
  }
}
