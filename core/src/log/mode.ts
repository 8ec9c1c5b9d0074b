import { WherryError } from '../errors/error.ts';

/** How a container's output is delivered, whatever its log driver: Docker's options `mode` and `max-buffer-size`. */
export interface Delivery {
  /** Output that finds no room is dropped and counted, instead of holding up the container. */
  readonly nonBlocking: boolean;
  /** Bytes of messages that wait for a socket at most. */
  readonly buffer: number;
}

const DEFAULT_BUFFER = 1024 * 1024;
const LARGEST_BUFFER = 1024 * 1024 * 1024;
const UNITS = 'bkmg';

/**
 * Takes the options that are the same for all log drivers out of a container's. A file takes everything at once, so that
 * with it neither mode ever holds anything up.
 * @throws WherryError `E_LOG_MODE`
 */
export function splitDelivery(options: Readonly<Record<string, string>>): {
  readonly delivery: Delivery;
  readonly own: Readonly<Record<string, string>>;
} {
  const { mode = 'blocking', 'max-buffer-size': size, ...own } = options;
  if (mode !== 'blocking' && mode !== 'non-blocking') {
    throw refused(
      `logger: logging mode not supported: ${mode}`,
      'Give --log-opt mode=blocking or mode=non-blocking.',
    );
  }
  if (size !== undefined && mode === 'blocking') {
    throw refused(
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
      'Add --log-opt mode=non-blocking.',
    );
  }
  return { delivery: { nonBlocking: mode === 'non-blocking', buffer: bufferSize(size) }, own };
}

/** By 1024, as Docker reads this one. */
function bufferSize(text: string | undefined): number {
  if (text === undefined) return DEFAULT_BUFFER;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([bkmg])?(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** Math.max(0, UNITS.indexOf(unit.toLowerCase() || 'b')));
  if (number === '' || bytes < 1 || bytes > LARGEST_BUFFER) {
    throw refused(`max-buffer-size is no size from 1 byte to 1g: "${text}"`, 'Give a size such as 4m.');
  }
  return bytes;
}

function refused(message: string, hint: string): WherryError {
  return new WherryError(message, { code: 'E_LOG_MODE', hint });
}
