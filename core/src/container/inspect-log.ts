import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { readLoss } from '../log/loss.ts';

/** What of a container's output its log didn't take, since the last start. */
export interface LogLoss {
  /** Of output, without what the log driver puts around it. */
  readonly DroppedBytes: number;
  /** Why, the last time, as `ENOSPC: no space left on device`; empty when nothing was dropped. */
  readonly Error: string;
}

/** Reads the fact `log-error` of a container's directory (launcher/PROGRAM.md, "Facts"), and what the process beside its monitor lost. */
export function logLoss(directory: string): LogLoss {
  const beside = readLoss(directory);
  const text = readIfThere(join(directory, 'log-error'));
  if (text === '') return { DroppedBytes: beside.dropped, Error: beside.error };
  const [errno = '0', dropped = '0'] = text.split(' ');
  const [name, message] = getSystemErrorMap().get(-Number(errno)) ?? [`errno ${errno}`, 'unknown'];
  return { DroppedBytes: Number(dropped) + beside.dropped, Error: `${name}: ${message}` };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
