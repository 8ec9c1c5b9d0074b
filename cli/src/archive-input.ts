import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { WherryError } from '@wherry/core/errors';
import { isTerminal, STDIN } from './terminal/output.ts';

/** An archive from a file, or from standard input. @throws WherryError `E_TERMINAL`, `E_INPUT_FILE` */
export async function readArchiveFrom(
  file: string | undefined,
  hint: string,
): Promise<AsyncIterable<Uint8Array>> {
  if (file !== undefined) return openFile(file);
  if (!isTerminal(STDIN)) return createReadStream('', { fd: STDIN, autoClose: false });
  throw new WherryError('requested load from stdin, but stdin is empty', {
    code: 'E_TERMINAL',
    hint,
    exitCode: 1,
  });
}

/** Bytes of a file; undefined for standard input, a pipe or a device. */
export function sizeOf(file: string | undefined): number | undefined {
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : undefined;
}

async function openFile(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream({ highWaterMark: 512 << 10 });
    await handle.close();
    throw new Error('it is a directory');
  } catch (cause) {
    throw new WherryError(`The archive ${file} can't be read: ${(cause as Error).message}.`, {
      code: 'E_INPUT_FILE',
      hint: 'Name a tar archive that you may read.',
      exitCode: 1,
      cause,
    });
  }
}
