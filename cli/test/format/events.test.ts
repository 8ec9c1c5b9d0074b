import { expect, it } from 'vitest';
import { eventLine, eventPrinter } from '../../src/format/events.ts';

const event = {
  type: 'container',
  action: 'die',
  actor: 'abc',
  attributes: { name: 'box', image: 'busybox', exitCode: '3' },
  time: '2026-01-02T03:04:05.123456789Z',
} as const;

it('writes Docker’s line, attributes by their names', () => {
  expect(eventLine(event)).toMatch(/:\d\d:05\.123456789(Z|[+-]\d\d:\d\d) container die abc /);
  expect(eventLine(event)).toMatch(/ \(exitCode=3, image=busybox, name=box\)$/);
  expect(eventLine({ ...event, attributes: {} })).toMatch(/ container die abc$/);
});

it('writes the Engine API’s JSON with all digits', async () => {
  const text = (await eventPrinter('json'))(event);
  expect(text).toContain('"timeNano":1767323045123456789}');
  expect(JSON.parse(text)).toMatchObject({
    status: 'die',
    id: 'abc',
    from: 'busybox',
    Type: 'container',
    Action: 'die',
    Actor: { ID: 'abc', Attributes: event.attributes },
    scope: 'local',
    time: 1767323045,
  });
});

it('fills templates', async () => {
  const print = await eventPrinter(
    '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.TimeNano}} {{.Status}}',
  );
  expect(print(event)).toBe('container die box 1767323045123456789 die');
});
