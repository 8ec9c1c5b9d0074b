import { describe, expect, test } from 'vitest';
import type { DriverInfo, OptionType } from '../../src/plugin/contract.ts';
import { checkOptions, optionsOf } from '../../src/plugin/options.ts';

const KINDS: readonly OptionType[] = ['text', 'number', 'boolean', 'size', 'duration'];
const INFO: DriverInfo = {
  name: 'json-file',
  kind: 'log',
  version: '1.0.0',
  summary: '',
  permissions: [],
  options: KINDS.map((kind) => ({ name: kind, kind, default: '', help: `Help for ${kind}.` })),
};

describe('checkOptions', () => {
  test.each([
    ['text', ''],
    ['text', 'any {{.Thing}}'],
    ['number', '0'],
    ['boolean', 'false'],
    ['size', '10m'],
    ['size', '1.5 GiB'],
    ['size', '-1'],
    ['duration', '1m30s'],
    ['duration', '1.5h'],
  ])('takes %s %j', (key, value) => {
    expect(() => checkOptions(INFO, [{ key, value }])).not.toThrow();
  });

  test.each([
    ['text', 'a\0'],
    ['number', '-1'],
    ['number', 'ten'],
    ['boolean', 'yes'],
    ['size', ''],
    ['size', '10x'],
    ['size', '-2'],
    ['duration', '30'],
    ['duration', ''],
  ])('refuses %s %j by what it should be, with the option’s help', (key, value) => {
    expect(() => checkOptions(INFO, [{ key, value }])).toThrowError(
      expect.objectContaining({ code: 'E_DRIVER_OPTION', hint: `Help for ${key}.` }),
    );
  });

  test('refuses an option that isn’t listed, and lists those that are', () => {
    expect(() => checkOptions(INFO, [{ key: 'max-sise', value: '1' }])).toThrowError(
      expect.objectContaining({
        message: "unknown log opt 'max-sise' for json-file log driver",
        hint: 'It takes text, number, boolean, size, duration.',
      }),
    );
  });
});

test('optionsOf finds the options of a request, of a network, and of a network within a request', () => {
  const options = [{ key: 'a', value: 'b' }];
  expect(optionsOf([{ id: 'x', options }])).toEqual(options);
  expect(optionsOf(['c', { network: { options } }])).toEqual(options);
  expect(optionsOf(['c', undefined, 7])).toEqual([]);
});
