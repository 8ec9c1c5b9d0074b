import { invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
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

/** To Fluentd and Fluent Bit, by the forward protocol. */
export function describe(): DriverInfo {
  return {
    name: 'fluentd',
    kind: 'log',
    version: '0.1.0',
    summary: 'To Fluentd and Fluent Bit, by the forward protocol.',
    permissions: [Permission.connect('*')],
    options: [
      option('fluentd-address', 'text', 'localhost:24224', 'HOST:PORT, tcp://HOST:PORT or unix:///PATH.'),
      option('fluentd-async', 'boolean', 'false', 'Whether the container starts though nobody is there yet.'),
      option('fluentd-sub-second-precision', 'boolean', 'false', 'Whether times have nanoseconds.'),
    ].concat(attributeOptions('{{.ID}}')),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'needs somebody who listens' };
}

export function open(request: OpenRequest): SinkResult {
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  const given = optionValue(request.options, 'fluentd-address', 'localhost:24224');
  const scheme = schemeOf(given);
  if (scheme === 'tls') {
    return SinkResult.err(
      unsupported(
        'this driver has no TLS',
        'Send to a forwarder on this machine that has, by tcp:// or unix://.',
      ),
    );
  }
  const address = sinkAddress(scheme === '' ? `tcp://${given}` : given, 24224);
  if ((scheme !== '' && scheme !== 'tcp' && scheme !== 'unix') || address === '') {
    return SinkResult.err(
      invalid(
        `fluentd-address is not an address: "${given}"`,
        'Give --log-opt fluentd-address=HOST:24224, or unix:///PATH.',
      ),
    );
  }
  const attributes: KeyValue[] = [
    { key: 'tag', value: tagOf(request) },
    { key: 'sub-second', value: optionValue(request.options, 'fluentd-sub-second-precision', 'false') },
    { key: 'container_id', value: request.container },
    { key: 'container_name', value: `/${request.containerName}` },
  ];
  const chosen = chosenOf(request);
  for (let i = 0; i < chosen.length; i++) attributes.push(chosen[i]);
  return SinkResult.ok(
    Sink.socket({
      address: address,
      framing: 'fluentd',
      attributes: attributes,
      required: optionValue(request.options, 'fluentd-async', 'false') !== 'true',
    }),
  );
}
