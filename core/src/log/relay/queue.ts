const NEWLINE = 0x0a;

/**
 * Messages that wait for a connection, each ended by a newline (RFC 6587, 3.4.2). Past its limit the oldest go, counted; and a
 * receiver never sees the rest of a message of which it missed the beginning.
 */
export class RelayQueue {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = 0;
  /** Whether what comes next is the rest of a message whose beginning is lost. */
  #torn = false;
  /** Whether the last byte that was taken out ended a message. */
  #whole = true;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get empty(): boolean {
    return this.#size === 0;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size > this.#limit) {
      const oldest = this.#chunks.shift();
      if (oldest === undefined) return;
      this.#size -= oldest.length;
      this.#dropped += oldest.length;
      this.#torn = oldest.at(-1) !== NEWLINE;
      this.#whole = true;
    }
  }

  /** The connection has broken: what it had of a message that isn't through is of no use. */
  broken(): void {
    if (!this.#whole) this.#torn = true;
    this.#whole = true;
  }

  /** The oldest bytes, from the beginning of a message unless its beginning was taken before. */
  take(): Buffer | undefined {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      this.#size -= chunk.length;
      const rest = this.#torn ? this.#mended(chunk) : chunk;
      if (rest === undefined) continue;
      this.#whole = rest.at(-1) === NEWLINE;
      return rest;
    }
    return undefined;
  }

  /** What of a chunk lies behind the end of the torn message, if anything. */
  #mended(chunk: Buffer): Buffer | undefined {
    const end = chunk.indexOf(NEWLINE);
    const lost = end < 0 ? chunk.length : end + 1;
    this.#dropped += lost;
    this.#torn = end < 0;
    return lost < chunk.length ? chunk.subarray(lost) : undefined;
  }
}
