import { expect, test } from 'vitest';
import { logRequest, nativeLogDriver } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);

test('one file in Kubernetes’ format', () => {
  expect(driver.open(logRequest({ 'max-size': '1k', 'max-file': '3' })).value).toEqual({
    tag: 'file',
    val: {
      at: { root: 'container', path: 'ctr.log' },
      framing: 'cri',
      maxSize: '1000',
      maxFiles: 3,
      compress: false,
      attributes: [],
    },
  });
  expect(driver.read(logRequest({})).value).toEqual({
    tag: 'files',
    val: { framing: 'cri', files: [{ root: 'container', path: 'ctr.log' }] },
  });
});
