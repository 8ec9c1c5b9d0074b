import { expect, it } from 'vitest';
import { layOut } from '../src/table.ts';

it('pads as the tabwriter of Docker: at least ten columns, three spaces between, nothing behind the last cell', () => {
  expect(layOut(['A\tBB\tC', 'a longer cell\tb\tc'])).toBe(
    'A               BB        C\na longer cell   b         c',
  );
});

it('counts columns, not code units', () => {
  expect(layOut(['日本語日本語\tx', 'a\ty'])).toBe('日本語日本語   x\na              y');
});

it('leaves lines without tabs alone', () => {
  expect(layOut(['one', 'another'])).toBe('one\nanother');
});
