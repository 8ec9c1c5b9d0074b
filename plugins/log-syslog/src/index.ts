import { invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { schemeOf, sinkAddress } from '@wherry/sdk-assemblyscript/guest/log-address.ts';
import { checkTag, tagOf } from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import { option, optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import {
  ResultListU8DriverError as BytesResult,
  type DriverInfo,
  ResultListEntryDriverError as EntriesResult,
  type Entry,
  type Facts,
  type Fitness,
  type KeyValue,
  type OpenRequest,
  Permission,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

/** To a syslog server, as RFC 3164 or RFC 5424. */
export function describe(): DriverInfo {
  return {
    name: 'syslog',
    kind: 'log',
    version: '0.1.0',
    summary: 'To a syslog server, as RFC 3164 or RFC 5424.',
    permissions: [Permission.connect('*')],
    options: [
      option(
        'syslog-address',
        'text',
        'unixgram:///dev/log',
        'unix://, unixgram://, udp:// or tcp:// and where; the port is 514 unless given.',
      ),
      option('syslog-facility', 'text', 'daemon', 'A facility by name, or its number from 0 to 23.'),
      option(
        'syslog-format',
        'text',
        '',
        'rfc3164, rfc5424 or rfc5424micro; without one as local programs send it.',
      ),
      option('tag', 'text', '{{.ID}}', 'A tag that each message carries, such as {{.Name}}/{{.ID}}.'),
    ],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'needs somebody who listens' };
}

const FACILITIES: string[] = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
];

export function open(request: OpenRequest): SinkResult {
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  const given = optionValue(request.options, 'syslog-address', 'unixgram:///dev/log');
  const scheme = schemeOf(given);
  if (scheme === 'tcp+tls') {
    return SinkResult.err(
      unsupported(
        'this driver has no TLS',
        'Send to a syslog server on this machine that has, by tcp:// or unix://.',
      ),
    );
  }
  const address = sinkAddress(given, 514);
  const known = scheme === 'unix' || scheme === 'unixgram' || scheme === 'udp' || scheme === 'tcp';
  if (!known || address === '') {
    return SinkResult.err(
      invalid(
        `syslog-address is not an address: "${given}"`,
        'Give --log-opt syslog-address=udp://HOST:514, tcp://HOST:514 or unix:///PATH.',
      ),
    );
  }
  const word = optionValue(request.options, 'syslog-facility', 'daemon');
  const facility = facilityOf(word);
  if (facility < 0) {
    return SinkResult.err(
      invalid(
        `syslog-facility is not known: "${word}"`,
        'Give daemon, user, local0 to local7, or a number from 0 to 23.',
      ),
    );
  }
  const format = optionValue(request.options, 'syslog-format', '');
  if (format !== '' && format !== 'rfc3164' && format !== 'rfc5424' && format !== 'rfc5424micro') {
    return SinkResult.err(
      invalid(`syslog-format is not known: "${format}"`, 'Give rfc3164, rfc5424 or rfc5424micro.'),
    );
  }
  const attributes: KeyValue[] = [
    { key: 'facility', value: facility.toString() },
    { key: 'tag', value: tagOf(request) },
  ];
  // Local syslog servers fill in the host themselves; an empty one is this machine's.
  if (format !== '') attributes.push({ key: 'hostname', value: '' });
  return SinkResult.ok(
    Sink.socket({
      address: address,
      framing: format.startsWith('rfc5424') ? 'syslog-rfc5424' : 'syslog-rfc3164',
      attributes: attributes,
      required: scheme !== 'udp',
    }),
  );
}

/** -1 for one that isn't known. */
function facilityOf(word: string): i32 {
  for (let i = 0; i < FACILITIES.length; i++) {
    if (FACILITIES[i] === word || i.toString() === word) return i;
  }
  return -1;
}

export function read(_request: OpenRequest): ReadingResult {
  return ReadingResult.ok(Reading.unreadable('configured logging driver does not support reading'));
}

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(unsupported('log driver syslog has nothing to parse', 'Use the answer of read.'));
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host itself writes to the socket of syslog', 'Use the sink that open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}
