import { invalid } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { schemeOf, sinkAddress } from '@wherry/sdk-assemblyscript/guest/log-address.ts';
import {
  attributeOptions,
  checkTag,
  chosenOf,
  tagOf,
} from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import { option, optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import {
  type DriverInfo,
  type Facts,
  type Fitness,
  type KeyValue,
  type OpenRequest,
  Permission,
  Sink,
  ResultSinkDriverError as SinkResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export { close, parse, unreadable as read, write } from '@wherry/sdk-assemblyscript/guest/log-hosted.ts';

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
        'unix://, unixgram://, udp://, tcp:// or tcp+tls:// and where; the port is 514 unless given.',
      ),
      option('syslog-tls-ca-cert', 'text', '', 'A file with the certificates of the authorities to trust.'),
      option('syslog-tls-cert', 'text', '', 'A file with the certificate to show to the server.'),
      option('syslog-tls-key', 'text', '', 'A file with its key.'),
      option('syslog-tls-skip-verify', 'boolean', 'false', 'Whether any certificate of the server will do.'),
      option('syslog-facility', 'text', 'daemon', 'A facility by name, or its number from 0 to 23.'),
      option(
        'syslog-format',
        'text',
        '',
        'rfc3164, rfc5424 or rfc5424micro; without one as local programs send it.',
      ),
    ].concat(attributeOptions('{{.ID}}')),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'needs somebody who listens' };
}

const TLS_FILES: string[] = ['syslog-tls-ca-cert', 'syslog-tls-cert', 'syslog-tls-key'];

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
  const tls = scheme === 'tcp+tls';
  for (let i = 0; i < TLS_FILES.length; i++) {
    const path = optionValue(request.options, TLS_FILES[i], '');
    if (path !== '' && !path.startsWith('/')) {
      return SinkResult.err(
        invalid(`${TLS_FILES[i]} is no absolute path: "${path}"`, 'Give the whole path of the file.'),
      );
    }
  }
  if (!tls && hasTlsOption(request)) {
    return SinkResult.err(
      invalid(
        'syslog-tls options are for TLS alone',
        'Give --log-opt syslog-address=tcp+tls://HOST:6514, or leave them out.',
      ),
    );
  }
  const address = sinkAddress(tls ? `tls${given.slice('tcp+tls'.length)}` : given, 514);
  const known = scheme === 'unix' || scheme === 'unixgram' || scheme === 'udp' || scheme === 'tcp' || tls;
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
  const rfc5424 = format.startsWith('rfc5424');
  const chosen = chosenOf(request);
  if (!rfc5424 && chosen.length > 0) {
    return SinkResult.err(
      invalid(
        'labels and env have no place in messages of RFC 3164',
        'Add --log-opt syslog-format=rfc5424, which carries them as structured data.',
      ),
    );
  }
  const attributes: KeyValue[] = [
    { key: 'facility', value: facility.toString() },
    { key: 'tag', value: tagOf(request) },
  ];
  // Local syslog servers fill in the host themselves; an empty one is this machine's.
  if (format !== '') attributes.push({ key: 'hostname', value: '' });
  if (tls) {
    attributes.push({ key: 'tls-ca', value: optionValue(request.options, 'syslog-tls-ca-cert', '') });
    attributes.push({ key: 'tls-cert', value: optionValue(request.options, 'syslog-tls-cert', '') });
    attributes.push({ key: 'tls-key', value: optionValue(request.options, 'syslog-tls-key', '') });
    const trusting = optionValue(request.options, 'syslog-tls-skip-verify', 'false');
    attributes.push({ key: 'tls-skip-verify', value: trusting });
  }
  for (let i = 0; i < chosen.length; i++) attributes.push(chosen[i]);
  return SinkResult.ok(
    Sink.socket({
      address: address,
      framing: rfc5424 ? 'syslog-rfc5424' : 'syslog-rfc3164',
      attributes: attributes,
      required: scheme !== 'udp',
    }),
  );
}

function hasTlsOption(request: OpenRequest): bool {
  for (let i = 0; i < request.options.length; i++) {
    const name = request.options[i].key;
    if (name === 'syslog-tls-skip-verify' && request.options[i].value === 'false') continue;
    if (name.startsWith('syslog-tls-')) return true;
  }
  return false;
}

/** -1 for one that isn't known. */
function facilityOf(word: string): i32 {
  for (let i = 0; i < FACILITIES.length; i++) {
    if (FACILITIES[i] === word || i.toString() === word) return i;
  }
  return -1;
}
