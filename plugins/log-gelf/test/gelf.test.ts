import { expect, test } from 'vitest';
import { ID, logRequest, nativeLogDriver, socketOf } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);
const open = (options: Readonly<Record<string, string>>) => socketOf(driver.open(logRequest(options)).value);

test('a record says which container, and what was chosen of it', () => {
  expect(open({ 'gelf-address': 'udp://graylog', labels: 'tier', env: 'STAGE', tag: '{{.Name}}' })).toEqual({
    address: 'udp:graylog:12201',
    framing: 'gelf',
    required: false,
    attributes: {
      host: '',
      compression: 'gzip',
      _container_id: ID,
      _container_name: 'web',
      _image_id: `sha256:${'fe'.repeat(32)}`,
      _image_name: 'registry.example/app:1',
      _command: 'sh -c true',
      _tag: 'web',
      _tier: 'front',
      _STAGE: 'test',
    },
  });
  expect(open({ 'gelf-address': 'tcp://graylog:9' })).toMatchObject({
    address: 'tcp:graylog:9',
    required: true,
    attributes: { compression: 'none' },
  });
  expect(open({ 'gelf-compression-type': 'zlib' })).toMatchObject({ attributes: { compression: 'zlib' } });
});

test('how often a connection is tried, and that level 0 is not packed', () => {
  const tcp = { 'gelf-address': 'tcp://g', 'gelf-tcp-max-reconnect': '3', 'gelf-tcp-reconnect-delay': '2' };
  expect(open(tcp)).toMatchObject({
    attributes: { 'delivery.max-retries': '3', 'delivery.retry-wait': '2000' },
  });
  expect(open({ 'gelf-compression-level': '0' })).toMatchObject({ attributes: { compression: 'none' } });
  expect(open({ 'gelf-compression-level': '-1' })).toMatchObject({ attributes: { compression: 'gzip' } });
});

test.each([
  [{ 'gelf-compression-level': '10' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-tcp-max-reconnect': '3' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'tcp://h', 'gelf-compression-level': '1' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'tcp://h', 'gelf-tcp-reconnect-delay': '-1' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': '' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'graylog:12201' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'unix:///x' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'udp://h', 'gelf-compression-type': 'lz4' }, 'E_DRIVER_INVALID'],
  [{ 'gelf-address': 'tcp://h', 'gelf-compression-type': 'gzip' }, 'E_DRIVER_INVALID'],
])('%j is refused', (options, code) => {
  expect(() => open(options as Record<string, string>)).toThrowError(expect.objectContaining({ code }));
});
