import type { EngineEvent } from '@wherry/core/api';

type Printer = (event: EngineEvent) => string;

/** How `events` writes an event: Docker's line, a JSON object, or a Go template. @throws WherryError `E_TEMPLATE` */
export async function eventPrinter(format: string | undefined): Promise<Printer> {
  if (format === undefined || format === '') return eventLine;
  const { compileTemplate, goJson } = await import('./template/template.ts');
  if (format === 'json' || format === '{{json .}}') return (event) => eventJson(event, goJson);
  const template = compileTemplate(format);
  return (event) => template(eventFields(event));
}

/** `TIME TYPE ACTION ID (KEY=VALUE, …)`, in the local zone. */
export function eventLine({ time, type, action, actor, attributes }: EngineEvent): string {
  const pairs = Object.keys(attributes)
    .toSorted()
    .map((key) => `${key}=${attributes[key]}`);
  return `${localTime(time)} ${type} ${action} ${actor}${pairs.length === 0 ? '' : ` (${pairs.join(', ')})`}`;
}

/** An object as the Engine API has it, with the old fields that its clients still read. */
function eventJson(
  { time, type, action, actor, attributes }: EngineEvent,
  goJson: (value: unknown) => string,
): string {
  const from = type === 'container' && attributes.image !== undefined ? { from: attributes.image } : {};
  const id = actor === '' ? {} : { id: actor };
  const old = type === 'container' || type === 'image' ? { status: action, ...id, ...from } : {};
  const { seconds, nanoseconds } = unixTime(time);
  const text = goJson({
    ...old,
    Type: type,
    Action: action,
    Actor: { ID: actor, Attributes: attributes },
    scope: 'local',
    time: seconds,
  });
  // More digits than a number of JavaScript has.
  return `${text.slice(0, -1)},"timeNano":${nanoseconds}}`;
}

/** What a template sees. */
function eventFields({
  time,
  type,
  action,
  actor,
  attributes,
}: EngineEvent): Readonly<Record<string, unknown>> {
  const { seconds, nanoseconds } = unixTime(time);
  return {
    Type: type,
    Action: action,
    Actor: { ID: actor, Attributes: attributes },
    Scope: 'local',
    Time: seconds,
    TimeNano: String(nanoseconds),
    Status: type === 'container' || type === 'image' ? action : '',
    ID: type === 'container' || type === 'image' ? actor : '',
    From: type === 'container' ? (attributes.image ?? '') : '',
  };
}

/** Seconds and nanoseconds since 1970. */
function unixTime(time: string): { readonly seconds: number; readonly nanoseconds: bigint } {
  const seconds = Math.floor(Date.parse(`${time.slice(0, 19)}Z`) / 1000);
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  return {
    seconds,
    nanoseconds: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9)),
  };
}

/** RFC 3339 with nine digits and the zone's offset. */
function localTime(time: string): string {
  const date = new Date(`${time.slice(0, 19)}Z`);
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const fraction = (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0').slice(0, 9);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  const zone = offset === 0 ? 'Z' : `${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  return `${local}.${fraction}${zone}`;
}
