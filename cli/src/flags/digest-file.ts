import { writeFileSync } from 'node:fs';
import { WherryError } from '@wherry/core/errors';
import { usageError } from './usage-error.ts';

/** `--digest-file` holds one digest. @throws WherryError `E_USAGE` */
export function checkDigestFile(command: string, file: string | undefined, allTags: boolean): void {
  if (file === undefined || !allTags) return;
  throw usageError(
    command,
    "--digest-file can't be used with --all-tags/-a: each tag has a digest of its own",
  );
}

/** @throws WherryError `E_OUTPUT_FILE` */
export function writeDigestFile(file: string | undefined, digest: string): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, digest);
  } catch (cause) {
    throw new WherryError(`The digest can't be written to ${file}: ${(cause as Error).message}.`, {
      code: 'E_OUTPUT_FILE',
      hint: 'Name a file in a directory that you may write to.',
      exitCode: 1,
      cause,
    });
  }
}
