import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';
import { isHole } from '@wherry/core/zeros';
import { isTerminal, STDOUT, write } from './terminal/output.ts';

/** @throws WherryError `E_TERMINAL` where a tar archive would fill a terminal with its bytes */
export function refuseTerminal(output: string | undefined, command: string): void {
  if (output !== undefined || !isTerminal(STDOUT)) return;
  throw new WherryError('cowardly refusing to save to a terminal. Use the -o flag or redirect', {
    code: 'E_TERMINAL',
    hint: `wherry ${command}`,
    exitCode: 1,
  });
}

/** To standard output, or into a file, which stays as it was until the archive is whole. */
export async function writeArchive(
  output: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (output === undefined) {
    for await (const piece of pieces) write(STDOUT, piece);
    return;
  }
  const draft = `${output}.${process.pid}.partial`;
  const fd = openFile(draft, output);
  try {
    try {
      await writeSparsely(fd, pieces);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, output);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Zeros that sparse files of a container become in an archive take no room in a file. */
async function writeSparsely(fd: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let at = 0;
  for await (const piece of pieces) {
    if (!isHole(piece)) {
      for (let done = 0; done < piece.length; )
        done += writeSync(fd, piece, done, piece.length - done, at + done);
    }
    at += piece.length;
  }
  ftruncateSync(fd, at);
}

function openFile(draft: string, path: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (cause) {
    throw new WherryError(`The file ${path} can't be written: ${(cause as Error).message}.`, {
      code: 'E_OUTPUT_FILE',
      hint: 'Name a file in a directory that you may write to.',
      exitCode: 1,
      cause,
    });
  }
}
