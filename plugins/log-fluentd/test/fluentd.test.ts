import { expect, test } from 'vitest';
import { ID, logRequest, nativeLogDriver, socketOf } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);
const open = (options: Readonly<Record<string, string>>) => socketOf(driver.open(logRequest(options)).value);

test('goes to this machine unless told otherwise', () => {
  expect(open({})).toEqual({
    address: 'tcp:localhost:24224',
    framing: 'fluentd',
    required: true,
    attributes: {
      tag: ID.slice(0, 12),
      'sub-second': 'false',
      container_id: ID,
      container_name: '/web',
      'delivery.holds': 'true',
    },
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

test('how messages go', () => {
  const options = {
    'fluentd-async': 'true',
    'fluentd-async-reconnect-interval': '1.5s',
    'fluentd-buffer-limit': '8192',
    'fluentd-retry-wait': '1m1s',
    'fluentd-max-retries': '7',
    'fluentd-write-timeout': '250ms',
    'fluentd-request-ack': 'true',
  };
  const { attributes } = open(options) as { attributes: Record<string, string> };
  expect(Object.entries(attributes).filter(([name]) => name.startsWith('delivery.'))).toEqual([
    ['delivery.messages', '8192'],
    ['delivery.retry-wait', '61000'],
    ['delivery.max-retries', '7'],
    ['delivery.write-timeout', '250'],
    ['delivery.renewal', '1500'],
    ['delivery.acknowledged', 'true'],
  ]);
});

test.each([
  [{ 'fluentd-retry-wait': '5' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-write-timeout': '-1s' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-write-timeout': 's' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-write-timeout': '100h' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-async-reconnect-interval': '99ms' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-buffer-limit': '-1' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-address': 'tls://h' }, 'E_DRIVER_UNSUPPORTED'],
  [{ 'fluentd-address': 'udp://h' }, 'E_DRIVER_INVALID'],
  [{ 'fluentd-address': '' }, 'E_DRIVER_INVALID'],
])('%j is refused', (options, code) => {
  expect(() => open(options as Record<string, string>)).toThrowError(expect.objectContaining({ code }));
});
