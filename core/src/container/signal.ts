import { constants } from 'node:os';
import { EXIT, WherryError } from '../errors/error.ts';

/** signal(7): the real-time signals that programs may use. */
const RTMIN = 34;
const RTMAX = 64;

/**
 * The number of a signal, given as a number or a name with or without `SIG`, in any case; `RTMIN+n` and `RTMAX-n` too.
 * @throws WherryError `E_SIGNAL`
 */
export function parseSignal(text: string): number {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : namedSignal(text.toUpperCase().replace(/^SIG/, ''));
  if (number !== undefined && number >= 1 && number <= RTMAX) return number;
  throw new WherryError(`Invalid signal: ${text}.`, {
    code: 'E_SIGNAL',
    hint: 'Give a name or number of signal(7), as TERM or 15.',
    exitCode: EXIT.failure,
  });
}

function namedSignal(name: string): number | undefined {
  const real = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (real !== null) {
    const [, end, sign, offset = '0'] = real;
    const number = (end === 'MIN' ? RTMIN : RTMAX) + (sign === '-' ? -1 : 1) * Number(offset);
    return number >= RTMIN && number <= RTMAX ? number : undefined;
  }
  return new Map<string, number>(Object.entries(constants.signals)).get(`SIG${name}`);
}

/** The name of a signal's number, as `SIGTERM`; the number itself for one without a name. */
export function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? String(number);
}
