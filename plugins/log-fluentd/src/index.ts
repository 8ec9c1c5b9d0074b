import { millisecondsOf } from '@wherry/sdk-assemblyscript/guest/duration.ts';
import { invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { schemeOf, sinkAddress } from '@wherry/sdk-assemblyscript/guest/log-address.ts';
import {
  attributeOptions,
  checkTag,
  chosenOf,
  tagOf,
} from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import { deliver } from '@wherry/sdk-assemblyscript/guest/log-delivery.ts';
import { bytesOf } from '@wherry/sdk-assemblyscript/guest/log-rotation.ts';
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
      option(
        'fluentd-async',
        'boolean',
        'false',
        'Whether the container starts, and goes on, though nobody is there.',
      ),
      option(
        'fluentd-async-reconnect-interval',
        'text',
        '',
        'A duration from 100ms to 10s after which the host is looked up and connected to anew.',
      ),
      option('fluentd-buffer-limit', 'size', '', 'How many messages wait at most.'),
      option('fluentd-retry-wait', 'text', '', 'A duration between tries to connect anew.'),
      option('fluentd-max-retries', 'number', '', 'After so many tries what waits is dropped.'),
      option('fluentd-write-timeout', 'text', '', 'A duration after which a stalled connection is given up.'),
      option('fluentd-request-ack', 'boolean', 'false', 'Whether the receiver acknowledges each message.'),
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
  const refused = checkTimes(request);
  if (refused !== null) return SinkResult.err(refused);
  const alone = optionValue(request.options, 'fluentd-async', 'false') === 'true';
  const attributes: KeyValue[] = [
    { key: 'tag', value: tagOf(request) },
    { key: 'sub-second', value: optionValue(request.options, 'fluentd-sub-second-precision', 'false') },
    { key: 'container_id', value: request.container },
    { key: 'container_name', value: `/${request.containerName}` },
  ];
  addPace(attributes, request, alone);
  const chosen = chosenOf(request);
  for (let i = 0; i < chosen.length; i++) attributes.push(chosen[i]);
  return SinkResult.ok(
    Sink.socket({
      address: address,
      framing: 'fluentd',
      attributes: attributes,
      required: !alone,
    }),
  );
}

const RENEWAL = 'fluentd-async-reconnect-interval';
const TIMES: string[] = ['fluentd-retry-wait', 'fluentd-write-timeout', RENEWAL];
const LONGEST: f64 = 86400000;

function checkTimes(request: OpenRequest): DriverError | null {
  for (let i = 0; i < TIMES.length; i++) {
    const text = optionValue(request.options, TIMES[i], '');
    if (text === '') continue;
    const time = millisecondsOf(text);
    if (time < 0 || time > LONGEST) {
      return invalid(
        `invalid value for ${TIMES[i]}: "${text}" is no duration of at most a day`,
        'Give one such as 500ms or 2s.',
      );
    }
    if (TIMES[i] === RENEWAL && time !== 0 && (time < 100 || time > 10000)) {
      return invalid(
        `invalid value for ${RENEWAL}: value (${text}) must be between 100ms and 10s`,
        'Give one such as 5s.',
      );
    }
  }
  const limit = optionValue(request.options, 'fluentd-buffer-limit', '');
  if (limit === '-1' || (limit !== '' && bytesOf(limit).length > 9)) {
    return invalid(`invalid value for fluentd-buffer-limit: "${limit}"`, 'Give a number of messages.');
  }
  return null;
}

/** Without `fluentd-async` nothing is lost for want of a connection: the container waits. */
function addPace(attributes: KeyValue[], request: OpenRequest, alone: bool): void {
  const limit = optionValue(request.options, 'fluentd-buffer-limit', '');
  deliver(attributes, 'messages', limit === '' ? '' : bytesOf(limit));
  deliver(attributes, 'retry-wait', timeOf(request, 'fluentd-retry-wait'));
  deliver(attributes, 'max-retries', optionValue(request.options, 'fluentd-max-retries', ''));
  deliver(attributes, 'write-timeout', timeOf(request, 'fluentd-write-timeout'));
  deliver(attributes, 'renewal', timeOf(request, RENEWAL));
  const acknowledged = optionValue(request.options, 'fluentd-request-ack', 'false') === 'true';
  if (acknowledged) deliver(attributes, 'acknowledged', 'true');
  if (!alone) deliver(attributes, 'holds', 'true');
}

function timeOf(request: OpenRequest, name: string): string {
  const text = optionValue(request.options, name, '');
  return text === '' ? '' : millisecondsOf(text).toString().split('.')[0];
}
