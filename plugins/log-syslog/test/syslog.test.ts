import { expect, test } from 'vitest';
import { ID, logRequest, nativeLogDriver, socketOf } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);
const open = (options: Readonly<Record<string, string>>) => socketOf(driver.open(logRequest(options)).value);

test('goes to the local syslog unless told otherwise, tagged with the short id', () => {
  expect(open({})).toEqual({
    address: 'unixgram:/dev/log',
    framing: 'syslog-rfc3164',
    required: true,
    attributes: { facility: '3', tag: ID.slice(0, 12) },
  });
});

test.each([
  ['udp://logs.example', 'udp:logs.example:514', false],
  ['udp://logs.example:1514', 'udp:logs.example:1514', false],
  ['tcp://[::1]:601', 'tcp:[::1]:601', true],
  ['tcp://[::1]', 'tcp:[::1]:514', true],
  ['unix:///run/log', 'unix:/run/log', true],
])('%s is %s', (given, address, required) => {
  expect(open({ 'syslog-address': given })).toMatchObject({ address, required });
});

test('TLS, with the files that it takes', () => {
  const options = { 'syslog-address': 'tcp+tls://logs:6514', 'syslog-tls-ca-cert': '/ca.pem' };
  expect(open(options)).toMatchObject({
    address: 'tls:logs:6514',
    required: true,
    attributes: { 'tls-ca': '/ca.pem', 'tls-cert': '', 'tls-key': '', 'tls-skip-verify': 'false' },
  });
});

test('format, facility and tag', () => {
  expect(
    open({ 'syslog-format': 'rfc5424micro', 'syslog-facility': 'local7', tag: '{{.Name}}' }),
  ).toMatchObject({
    framing: 'syslog-rfc5424',
    attributes: { facility: '23', tag: 'web', hostname: '' },
  });
  expect(open({ 'syslog-format': 'rfc3164', 'syslog-facility': '1' })).toMatchObject({
    framing: 'syslog-rfc3164',
    attributes: { facility: '1' },
  });
});

test('labels and variables where the format has room for them', () => {
  const chosen = { labels: 'tier', env: 'STAGE' };
  expect(open({ 'syslog-format': 'rfc5424', ...chosen })).toMatchObject({
    attributes: { tier: 'front', STAGE: 'test' },
  });
  expect(() => open(chosen)).toThrowError(/no place in messages of RFC 3164/);
  expect(open({ labels: 'none' })).toMatchObject({ framing: 'syslog-rfc3164' });
  expect(open({ tag: '' })).toMatchObject({ attributes: { tag: ID.slice(0, 12) } });
});

test.each([
  [{ 'syslog-address': 'http://x' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'udp://h:0' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'tcp://h:99999' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'unix://' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'tcp://h:6514', 'syslog-tls-key': '/k' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'tcp+tls://' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-address': 'tcp+tls://h', 'syslog-tls-ca-cert': 'ca.pem' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-facility': 'local8' }, 'E_DRIVER_INVALID'],
  [{ 'syslog-format': 'rfc1' }, 'E_DRIVER_INVALID'],
  [{ tag: '{{.No}}' }, 'E_DRIVER_INVALID'],
])('%j is refused', (options, code) => {
  expect(() => open(options as Record<string, string>)).toThrowError(expect.objectContaining({ code }));
});
