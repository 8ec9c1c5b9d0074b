import { STDERR, STDOUT, write } from './output.ts';

const BATCH_BYTES = 64 * 1024;
/** Fewer bytes than that are copied faster one by one than by a call. */
const FEW_BYTES = 32;
const FILES = { stdout: STDOUT, stderr: STDERR } as const;

/**
 * Writes many small pieces of output in few system calls, in order over both streams. What was written is out at the latest
 * when the event loop turns: whoever follows something sees each piece as it comes.
 */
export class BatchedOutput {
  #stream: 'stdout' | 'stderr' = 'stdout';
  readonly #batch = new Uint8Array(BATCH_BYTES);
  #bytes = 0;
  #flushing: NodeJS.Immediate | undefined;

  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (stream !== this.#stream || bytes.length > BATCH_BYTES - this.#bytes) this.flush();
    this.#stream = stream;
    if (bytes.length > BATCH_BYTES) {
      write(FILES[stream], bytes);
      return;
    }
    if (bytes.length > FEW_BYTES) this.#batch.set(bytes, this.#bytes);
    else for (let at = 0; at < bytes.length; at += 1) this.#batch[this.#bytes + at] = bytes[at] ?? 0;
    this.#bytes += bytes.length;
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#bytes === 0) return;
    const batch = this.#batch.subarray(0, this.#bytes);
    this.#bytes = 0;
    write(FILES[this.#stream], batch);
  }
}
