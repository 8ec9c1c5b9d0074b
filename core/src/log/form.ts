import type { LogLine } from '../api.ts';
import type { Framing } from '../plugin/contract.ts';
import { parseLogEntry } from './binary.ts';
import { parseCri } from './cri.ts';
import { parseDockerJson } from './docker-json.ts';

/** How records lie in a log file: each ended by a newline, or between two sizes of four bytes, big-endian. */
export type Delimiting = 'newline' | 'sized';

/** How a log file is read back. */
export interface LogForm {
  readonly delimiting: Delimiting;
  /** @returns undefined for a record that is torn or damaged, as a crash of the machine may leave one. */
  readonly parse: (record: Uint8Array) => LogLine | undefined;
}

const FORMS: Partial<Record<Framing, LogForm>> = {
  'docker-json': { delimiting: 'newline', parse: parseDockerJson },
  cri: { delimiting: 'newline', parse: parseCri },
  binary: { delimiting: 'sized', parse: parseLogEntry },
};

/** @returns undefined for a framing that can't be read back: it doesn't keep the stream and the time. */
export function logForm(framing: Framing): LogForm | undefined {
  return FORMS[framing];
}
