import { STDERR, STDOUT, write } from './output.ts';

const BATCH_BYTES = 64 * 1024;
const FILES = { stdout: STDOUT, stderr: STDERR } as const;

/**
 * Writes many small pieces of output in few system calls, in order over both streams. What was written is out at the latest
 * when the event loop turns: whoever follows something sees each piece as it comes.
 */
export class BatchedOutput {
  #stream: 'stdout' | 'stderr' = 'stdout';
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #flushing: NodeJS.Immediate | undefined;

  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BATCH_BYTES) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#bytes === 0) return;
    const batch = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    write(FILES[this.#stream], batch);
  }
}
