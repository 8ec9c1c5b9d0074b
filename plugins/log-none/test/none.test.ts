import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));

test('output goes nowhere and can’t be read back', () => {
  const { driver } = openNative<LogDriver>(source);
  const names = { container: 'c', containerName: 'web', image: 'i', imageId: '', command: '' };
  const request = { ...names, labels: [], env: [], facts: FACTS, options: [] };
  expect(driver.open(request).value).toEqual({ tag: 'none' });
  expect(driver.read(request).value).toEqual({
    tag: 'unreadable',
    val: 'configured logging driver does not support reading',
  });
});
