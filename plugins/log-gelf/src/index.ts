import { invalid } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { schemeOf, sinkAddress } from '@wherry/sdk-assemblyscript/guest/log-address.ts';
import {
  attributeOptions,
  checkTag,
  chosenOf,
  tagOf,
} from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import { deliver } from '@wherry/sdk-assemblyscript/guest/log-delivery.ts';
import { option, optionValue } from '@wherry/sdk-assemblyscript/guest/option.ts';
import {
  type DriverError,
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

/** To Graylog and its like, as GELF over UDP or TCP. */
export function describe(): DriverInfo {
  return {
    name: 'gelf',
    kind: 'log',
    version: '0.1.0',
    summary: 'To Graylog and its like, as GELF over UDP or TCP.',
    permissions: [Permission.connect('*')],
    options: [
      option(
        'gelf-address',
        'text',
        'udp://127.0.0.1:12201',
        'udp://HOST:PORT or tcp://HOST:PORT; the port is 12201 unless given.',
      ),
      option('gelf-compression-type', 'text', 'gzip', 'gzip, zlib or none, for messages over UDP.'),
      option('gelf-compression-level', 'text', '1', '0 to 9, or -1; all but 0 are the same.'),
      option('gelf-tcp-max-reconnect', 'text', '', 'After so many tries what waits is dropped; over TCP.'),
      option('gelf-tcp-reconnect-delay', 'text', '', 'Seconds between tries to connect anew; over TCP.'),
    ].concat(attributeOptions('{{.ID}}')),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'needs somebody who listens' };
}

export function open(request: OpenRequest): SinkResult {
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  const given = optionValue(request.options, 'gelf-address', 'udp://127.0.0.1:12201');
  const scheme = schemeOf(given);
  const address = sinkAddress(given, 12201);
  if ((scheme !== 'udp' && scheme !== 'tcp') || address === '') {
    return SinkResult.err(
      invalid(
        `gelf-address is not an address: "${given}"`,
        'Give --log-opt gelf-address=udp://HOST:12201, or tcp://.',
      ),
    );
  }
  const unpackable = checkCompression(request, scheme);
  if (unpackable !== null) return SinkResult.err(unpackable);
  const unreachable = checkReconnection(request, scheme);
  if (unreachable !== null) return SinkResult.err(unreachable);
  const unpacked = scheme === 'tcp' || optionValue(request.options, 'gelf-compression-level', '1') === '0';
  const compression = unpacked ? 'none' : optionValue(request.options, 'gelf-compression-type', 'gzip');
  const delay = optionValue(request.options, 'gelf-tcp-reconnect-delay', '');
  const attributes: KeyValue[] = [
    { key: 'host', value: '' },
    { key: 'compression', value: compression },
    { key: '_container_id', value: request.container },
    { key: '_container_name', value: request.containerName },
    { key: '_image_id', value: request.imageId },
    { key: '_image_name', value: request.image },
    { key: '_command', value: request.command },
    { key: '_tag', value: tagOf(request) },
  ];
  deliver(attributes, 'max-retries', optionValue(request.options, 'gelf-tcp-max-reconnect', ''));
  deliver(attributes, 'retry-wait', delay === '' ? '' : `${delay}000`);
  const chosen = chosenOf(request);
  for (let i = 0; i < chosen.length; i++) {
    attributes.push({ key: `_${chosen[i].key}`, value: chosen[i].value });
  }
  return SinkResult.ok(
    Sink.socket({ address: address, framing: 'gelf', attributes: attributes, required: scheme === 'tcp' }),
  );
}

function checkCompression(request: OpenRequest, scheme: string): DriverError | null {
  const type = optionValue(request.options, 'gelf-compression-type', '');
  const level = optionValue(request.options, 'gelf-compression-level', '');
  if (scheme !== 'udp' && (type !== '' || level !== '')) {
    return invalid(
      'compression is only supported on UDP',
      'Leave it out, or give a gelf-address with udp://.',
    );
  }
  if (type !== '' && type !== 'gzip' && type !== 'zlib' && type !== 'none') {
    return unknown('gelf-compression-type', type, 'Give gzip, zlib or none.');
  }
  if (level !== '' && level !== '-1' && !(level.length === 1 && isWhole(level))) {
    return unknown('gelf-compression-level', level, 'Give a number from -1 to 9.');
  }
  return null;
}

function checkReconnection(request: OpenRequest, scheme: string): DriverError | null {
  const names = ['gelf-tcp-max-reconnect', 'gelf-tcp-reconnect-delay'];
  for (let i = 0; i < names.length; i++) {
    const value = optionValue(request.options, names[i], '');
    if (value === '') continue;
    if (scheme !== 'tcp') {
      return invalid(`"${names[i]}" is only valid for TCP`, 'Leave it out, or give a tcp:// address.');
    }
    if (!isWhole(value) || value.length > 6) {
      return invalid(`"${names[i]}" must be a positive integer`, 'Give a number up to 999999.');
    }
  }
  return null;
}

function unknown(name: string, value: string, hint: string): DriverError {
  return invalid(`unknown value "${value}" for log opt "${name}" for gelf log driver`, hint);
}

function isWhole(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text !== '';
}
