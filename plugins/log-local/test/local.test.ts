import { expect, test } from 'vitest';
import { logRequest, nativeLogDriver } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);

test('rotates at 20 MB and keeps five files, four of them packed', () => {
  expect(driver.open(logRequest({})).value).toEqual({
    tag: 'file',
    val: {
      at: { root: 'container', path: 'local.log' },
      framing: 'binary',
      maxSize: '20000000',
      maxFiles: 5,
      compress: true,
      attributes: [],
    },
  });
});

test('with one file nothing is packed, unless that was asked for', () => {
  expect(driver.open(logRequest({ 'max-file': '1' })).value).toMatchObject({
    val: { maxFiles: 1, compress: false },
  });
  expect(() => driver.open(logRequest({ 'max-file': '1', compress: 'true' }))).toThrowError(
    expect.objectContaining({ code: 'E_DRIVER_INVALID' }),
  );
});

test('is read from the oldest file on', () => {
  const reading = driver.read(logRequest({ 'max-file': '2' })).value;
  expect(reading).toMatchObject({ tag: 'files', val: { framing: 'binary' } });
  const paths = reading.tag === 'files' ? reading.val.files.map(({ path }) => path) : [];
  expect(paths).toEqual(['local.log.1.gz', 'local.log.1', 'local.log']);
});
