import { expect, it } from 'vitest';
import { Screen } from './screen.ts';

function after(...texts: string[]): Screen {
  const screen = new Screen({ columns: 5, rows: 3 });
  for (const text of texts) screen.write(text);
  return screen;
}

it.each([
  [['a\nb\n'], ['a', 'b']],
  [['a\r\nb'], ['a', 'b']],
  [['abc\rX'], ['Xbc']],
  [['abc\rX\x1b[K'], ['X']],
  [['abcdefg'], ['abcde', 'fg']],
  [['abcde\nf'], ['abcde', 'f']],
  [['a\nb\n\x1b[2A\rX\n'], ['X', 'b']],
  [['a\nb\n\x1b[2A\r\x1b[J'], []],
])('%j shows %j', (texts, expected) => {
  expect(after(...texts).lines).toEqual(expected);
});

it('scrolls, and goes up no further than its first row', () => {
  const screen = after('a\nb\nc\nd\n', '\x1b[9A\rX');
  expect(screen.lines).toEqual(['a', 'b', 'X', 'd']);
  expect(screen.visible).toEqual(['X', 'd']);
});

it('refuses what it doesn’t know', () => {
  expect(() => after('\x1b[2J')).toThrow('knows no');
});
