import { expect, test } from 'vitest';
import { ID, logRequest, nativeLogDriver, socketOf } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);
const open = (options: Readonly<Record<string, string>>) => socketOf(driver.open(logRequest(options)).value);

test('goes to this machine unless told otherwise', () => {
  expect(open({})).toEqual({
    address: 'tcp:localhost:24224',
    framing: 'fluentd',
    required: true,
    attributes: { tag: ID.slice(0, 12), 'sub-second': 'false', container_id: ID, container_name: '/web' },
  });
});

test.each([
  ['logs', 'tcp:logs:24224'],
  ['logs:9', 'tcp:logs:9'],
  ['tcp://logs:9', 'tcp:logs:9'],
  ['unix:///run/fluent.sock', 'unix:/run/fluent.sock'],
])('%s is %s', (given, address) => {
  expect(open({ 'fluentd-address': given })).toMatchObject({ address });
});

test('asynchronous, with nanoseconds and what was chosen', () => {
  expect(
    open({
      'fluentd-async': 'true',
      'fluentd-sub-second-precision': 'true',
      labels: 'team',
      tag: 'a.{{.Name}}',
    }),
  ).toMatchObject({ required: false, attributes: { tag: 'a.web', 'sub-second': 'true', team: 'a' } });
});

test.each([
  [{ 'fluentd-address': 'tls://h' }, 'E_DRIVER_UNSUPPORTED'],
  [{ 'fluentd-address': 'udp://h' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-address': '' }, 'E_DRIVER_INVALID'],
])('%j is refused', (options, code) => {
  expect(() => open(options as Record<string, string>)).toThrowError(expect.objectContaining({ code }));
});
