import { expect, it } from 'vitest';
import { PRUNE_FLAG, parseFilters } from '../../src/format/filter.ts';

it('reads filters, and values with an equals sign', () => {
  expect([...parseFilters(['label=a=b', 'LABEL = c'], ['label'])]).toEqual([['label', ['a=b', 'c']]]);
});

it('refuses in Docker’s words and with its status what is none', () => {
  expect(() => parseFilters(['label'], ['label'])).toThrowError(
    expect.objectContaining({
      message: 'invalid argument "label" for "-f, --filter" flag: bad format of filter (expected name=value)',
      exitCode: 125,
    }),
  );
  expect(() => parseFilters(['x'], ['label'], PRUNE_FLAG)).toThrow('for "--filter" flag');
  expect(() => parseFilters(['nope=1'], ['label'])).toThrowError(
    expect.objectContaining({ message: "invalid filter 'nope'", exitCode: 1 }),
  );
});
