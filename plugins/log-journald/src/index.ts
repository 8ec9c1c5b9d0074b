import {
  attributeOptions,
  checkTag,
  chosenOf,
  tagOf,
} from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import {
  type DriverInfo,
  type Facts,
  type Fitness,
  type KeyValue,
  type OpenRequest,
  Permission,
  Reading,
  ResultReadingDriverError as ReadingResult,
  Sink,
  ResultSinkDriverError as SinkResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export { close, parse, write } from '@wherry/sdk-assemblyscript/guest/log-hosted.ts';

/** To the journal of systemd, by its own protocol. */
export function describe(): DriverInfo {
  return {
    name: 'journald',
    kind: 'log',
    version: '0.1.0',
    summary: 'To the journal of systemd, by its own protocol.',
    permissions: [Permission.connect('unixgram:/run/systemd/journal/socket')],
    options: attributeOptions('{{.ID}}'),
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'needs somebody who listens' };
}

export function open(request: OpenRequest): SinkResult {
  const untagged = checkTag(request);
  if (untagged !== null) return SinkResult.err(untagged);
  const attributes: KeyValue[] = [
    { key: 'CONTAINER_ID', value: request.container.slice(0, 12) },
    { key: 'CONTAINER_ID_FULL', value: request.container },
    { key: 'CONTAINER_NAME', value: request.containerName },
    { key: 'CONTAINER_TAG', value: tagOf(request) },
    { key: 'IMAGE_NAME', value: request.image },
    { key: 'SYSLOG_IDENTIFIER', value: tagOf(request) },
  ];
  const chosen = chosenOf(request);
  for (let i = 0; i < chosen.length; i++) attributes.push(chosen[i]);
  return SinkResult.ok(
    Sink.socket({
      address: 'unixgram:/run/systemd/journal/socket',
      framing: 'journald',
      attributes: attributes,
      required: true,
    }),
  );
}

export function read(request: OpenRequest): ReadingResult {
  const fields: KeyValue[] = [{ key: 'CONTAINER_ID_FULL', value: request.container }];
  return ReadingResult.ok(Reading.journal(fields));
}
