import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';
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
      for await (const piece of pieces) write(fd, piece);
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
