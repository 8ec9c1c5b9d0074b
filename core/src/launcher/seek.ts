import { spawnSync } from 'node:child_process';
import { findLauncher } from './binary.ts';

/**
 * Moves the offset of a file that other processes write to as well (lseek(2)), as if bytes had been written.
 * @throws WherryError `E_LAUNCHER_MISSING`; Error when the descriptor can't be moved
 */
export function seekForward(fd: number, bytes: number): void {
  const { status, error } = spawnSync(findLauncher(), ['seek', String(bytes)], {
    stdio: ['ignore', fd, 'ignore'],
  });
  if (status !== 0) throw error ?? new Error(`the offset of descriptor ${fd} can't be moved`);
}
