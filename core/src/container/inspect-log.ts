import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';

/** What of a container's output its log didn't take, since the last start. */
export interface LogLoss {
  /** Of output, without what the log driver puts around it. */
  readonly DroppedBytes: number;
  /** Why, the last time, as `ENOSPC: no space left on device`; empty when nothing was dropped. */
  readonly Error: string;
}

/** Reads the fact `log-error` of a container's directory (launcher/PROGRAM.md, "Facts"). */
export function logLoss(directory: string): LogLoss {
  let text: string;
  try {
    text = readFileSync(join(directory, 'log-error'), 'latin1');
  } catch {
    return { DroppedBytes: 0, Error: '' };
  }
  const [errno = '0', dropped = '0'] = text.split(' ');
  const [name, message] = getSystemErrorMap().get(-Number(errno)) ?? [`errno ${errno}`, 'unknown'];
  return { DroppedBytes: Number(dropped), Error: `${name}: ${message}` };
}
