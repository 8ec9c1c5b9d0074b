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
  const asked = optionValue(request.options, 'gelf-compression-type', '');
  if (asked !== '' && scheme === 'tcp') {
    return SinkResult.err(
      invalid('gelf-compression-type is for UDP alone', 'Leave it out, or give a gelf-address with udp://.'),
    );
  }
  const compression = asked === '' ? 'gzip' : asked;
  if (compression !== 'gzip' && compression !== 'zlib' && compression !== 'none') {
    return SinkResult.err(
      invalid(`gelf-compression-type is not known: "${compression}"`, 'Give gzip, zlib or none.'),
    );
  }
  const attributes: KeyValue[] = [
    { key: 'host', value: '' },
    { key: 'compression', value: scheme === 'tcp' ? 'none' : compression },
    { key: '_container_id', value: request.container },
    { key: '_container_name', value: request.containerName },
    { key: '_image_id', value: request.imageId },
    { key: '_image_name', value: request.image },
    { key: '_command', value: request.command },
    { key: '_tag', value: tagOf(request) },
  ];
  const chosen = chosenOf(request);
  for (let i = 0; i < chosen.length; i++) {
    attributes.push({ key: `_${chosen[i].key}`, value: chosen[i].value });
  }
  return SinkResult.ok(
    Sink.socket({ address: address, framing: 'gelf', attributes: attributes, required: scheme === 'tcp' }),
  );
}
