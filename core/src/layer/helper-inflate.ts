import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { WherryError } from '../errors/error.ts';
import { corruptLayer } from './error.ts';

/** Formats that Node.js can't read, by the programs that everybody has who has such files. */
export const HELPERS = { xz: ['xz', '-dc'], bzip2: ['bzip2', '-dc'] } as const;

/**
 * The content of a stream in such a format.
 * @param name of the archive, for errors
 * @throws WherryError `E_LAYER_CORRUPT`, `E_DECOMPRESSOR`; what the source throws
 */
export async function* inflateByHelper(
  format: keyof typeof HELPERS,
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Buffer> {
  const [program, ...args] = HELPERS[format];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const { promise: ended, resolve } = Promise.withResolvers<{ status: number | null; error?: Error }>();
  child.on('error', (error) => resolve({ status: null, error }));
  child.on('close', (status) => resolve({ status }));
  let failed: { readonly error: unknown } | undefined;
  const input = Readable.from(source, { objectMode: false });
  input.on('error', (error) => {
    failed = { error };
    child.kill('SIGKILL');
  });
  // EPIPE, when it has ended: its status tells why.
  child.stdin.on('error', () => input.destroy());
  input.pipe(child.stdin);
  try {
    for await (const chunk of child.stdout) yield chunk;
    const { status, error } = await ended;
    if (failed !== undefined) throw failed.error;
    if (error !== undefined) throw missing(format, name, error);
    if (status !== 0) throw corruptLayer(name, `is damaged: its ${format} stream can’t be read`);
  } finally {
    input.destroy();
    child.kill('SIGKILL');
  }
}

function missing(format: keyof typeof HELPERS, name: string, cause: Error): WherryError {
  const [program] = HELPERS[format];
  return new WherryError(`The ${name} is compressed by ${format}, and ${program} can't be started.`, {
    code: 'E_DECOMPRESSOR',
    hint: `Have ${program} installed, or decompress it where there is one, and give the result.`,
    exitCode: 1,
    cause,
  });
}
