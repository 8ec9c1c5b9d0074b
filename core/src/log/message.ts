import type { KeyValue, SocketSink } from '../plugin/contract.ts';
import type { SendingPace } from '../program/operation.ts';

/** What is the same in all messages to a socket, as the launcher takes it (launcher/PROGRAM.md, `log-socket`). */
export interface MessageParts {
  /** syslog: the facility (RFC 5424, 6.2.1). fluentd: how many pairs `fields` has. gelf: how messages are packed. */
  readonly number: number;
  /** fluentd: times have nanoseconds. */
  readonly subsecond: boolean;
  readonly head: Uint8Array;
  readonly fields: Uint8Array;
  readonly pace: SendingPace;
}

const NOTHING = new Uint8Array();
/** As the launcher numbers them. */
const PACKINGS: readonly string[] = ['none', 'gzip', 'zlib'];
/** Attributes of this prefix say how messages go, and no message has them. */
const PACE = 'delivery.';
/** Attributes of syslog that aren't data of the message. */
const SYSLOG_OWN = /^(?:facility|tag|hostname|tls-(?:ca|cert|key|skip-verify))$/;
/** The number that RFC 5612 gives to whoever has none of their own. */
const SD_ID = 'container@32473';
/** The launcher's numbers have 32 bits. */
const LARGEST = 2 ** 32 - 1;
/** Daemon. */
const DEFAULT_FACILITY = '3';

/**
 * Encodes a socket sink's attributes; `wit/plan.wit` says which ones a framing has a use of its own for.
 * @param machine the machine's name, which takes the place of an empty one
 */
export function messageParts(
  { framing, attributes: all }: Pick<SocketSink, 'framing' | 'attributes'>,
  machine: string,
): MessageParts {
  const attributes = all.filter(({ key }) => !key.startsWith(PACE));
  const plain = { number: 0, subsecond: false, head: NOTHING, fields: NOTHING, pace: paceOf(all) };
  switch (framing) {
    case 'syslog-rfc3164':
    case 'syslog-rfc5424': {
      // APP-NAME has 48 characters at most (RFC 5424, 6.2.5).
      const tag = word(attribute(attributes, 'tag') ?? '-', framing === 'syslog-rfc5424' ? 48 : 255);
      const host = attribute(attributes, 'hostname');
      const number = Number(attribute(attributes, 'facility') ?? DEFAULT_FACILITY);
      const fallback = framing === 'syslog-rfc5424' ? '- ' : '';
      return {
        ...plain,
        number,
        head: Buffer.from(`${host === undefined ? fallback : `${word(host || machine)} `}${tag}`),
        fields:
          framing === 'syslog-rfc5424'
            ? Buffer.from(`${word(tag, 32)} ${structuredData(attributes)}`)
            : NOTHING,
      };
    }
    case 'journald':
      return { ...plain, fields: Buffer.concat(attributes.map(journalField)) };
    case 'gelf': {
      const { host, compression = 'none', ...others } = recordOf(attributes);
      const record = { host: host || machine, ...others };
      const fields = Buffer.from(JSON.stringify(record).slice(1, -1));
      return { ...plain, number: Math.max(0, PACKINGS.indexOf(compression)), fields };
    }
    case 'fluentd': {
      const record = Object.entries(recordOf(attributes)).filter(
        ([key]) => key !== 'tag' && key !== 'sub-second',
      );
      return {
        ...plain,
        number: record.length,
        subsecond: attribute(attributes, 'sub-second') === 'true',
        head: messagePackText(attribute(attributes, 'tag') ?? ''),
        fields: Buffer.concat(record.flat().map(messagePackText)),
      };
    }
    default:
      return plain;
  }
}

function paceOf(attributes: readonly KeyValue[]): SendingPace {
  const number = (name: keyof SendingPace, key: string): SendingPace => {
    const value = Number(attribute(attributes, `${PACE}${key}`) ?? 0);
    return Number.isSafeInteger(value) && value > 0 ? { [name]: Math.min(value, LARGEST) } : {};
  };
  const flag = (name: keyof SendingPace): SendingPace =>
    attribute(attributes, `${PACE}${name}`) === 'true' ? { [name]: true } : {};
  return {
    ...number('messages', 'messages'),
    ...number('retryWait', 'retry-wait'),
    ...number('maxRetries', 'max-retries'),
    ...number('writeTimeout', 'write-timeout'),
    ...number('renewal', 'renewal'),
    ...flag('holds'),
    ...flag('acknowledged'),
  };
}

/** RFC 5424, 6.3: what the user has chosen of labels and variables, as the parameters of one element; `-` for nothing. */
function structuredData(attributes: readonly KeyValue[]): string {
  const chosen = attributes.filter(({ key }) => !SYSLOG_OWN.test(key));
  if (chosen.length === 0) return '-';
  const parameters = chosen.map(({ key, value }) => {
    const name = key.replaceAll(/[^\x21-\x7e]|[="\]]/g, '_').slice(0, 32);
    return `${name}="${value.replaceAll(/["\\\]]/g, '\\$&').replaceAll('\n', ' ')}"`;
  });
  return `[${SD_ID} ${parameters.join(' ')}]`;
}

function attribute(attributes: readonly KeyValue[], name: string): string | undefined {
  return attributes.find(({ key }) => key === name)?.value;
}

/** Of two attributes with one name the last one counts. */
function recordOf(attributes: readonly KeyValue[]): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]));
}

/** Fields of a syslog header are of printable ASCII without spaces (RFC 5424, 6). */
function word(text: string, most = 255): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, most) || '-';
}

/** systemd's journal protocol: `NAME=value`, or the value's size in 64 bits and the value where it has a newline. */
function journalField({ key, value }: KeyValue): Uint8Array {
  const name = key
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .replace(/^[_0-9]+/, '')
    .slice(0, 64);
  if (name === '') return NOTHING;
  if (!value.includes('\n')) return Buffer.from(`${name}=${value}\n`);
  const bytes = Buffer.from(value);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, bytes, Buffer.from('\n')]);
}

/** `str 32` of MessagePack. */
function messagePackText(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head[0] = 0xdb;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
