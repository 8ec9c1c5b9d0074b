import { unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { checkTag, chosenOf, tagOf } from '@wherry/sdk-assemblyscript/guest/log-attributes.ts';
import { option } from '@wherry/sdk-assemblyscript/guest/option.ts';
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

/** To the journal of systemd, by its own protocol. */
export function describe(): DriverInfo {
  return {
    name: 'journald',
    kind: 'log',
    version: '0.1.0',
    summary: 'To the journal of systemd, by its own protocol.',
    permissions: [Permission.connect('unixgram:/run/systemd/journal/socket')],
    options: [
      option('labels', 'text', '', 'Names of labels, with commas between them, that each message carries.'),
      option(
        'env',
        'text',
        '',
        'Names of environment variables, with commas between them, that each message carries.',
      ),
      option('tag', 'text', '{{.ID}}', 'A tag that each message carries, such as {{.Name}}/{{.ID}}.'),
    ],
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

export function parse(_bytes: Uint8Array): EntriesResult {
  return EntriesResult.err(
    unsupported('log driver journald has nothing to parse', 'Use the answer of read.'),
  );
}

export function write(_container: string, _batch: Entry[]): BytesResult {
  return BytesResult.err(
    unsupported('the host itself writes to the socket of journald', 'Use the sink that open gives.'),
  );
}

export function close(_container: string): UnitResult {
  return UnitResult.ok();
}
