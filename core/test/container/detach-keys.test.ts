import { expect, it } from 'vitest';
import { parseDetachKeys } from '../../src/container/detach-keys.ts';

it.each([
  ['ctrl-p,ctrl-q', [0x10, 0x11]],
  ['ctrl-@', [0]],
  ['ctrl-[,x', [0x1b, 0x78]],
  ['CTRL-A', [1]],
  ['', []],
] as const)('%j', (text, bytes) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes);
});

it.each(['ctrl-', 'ctrl-1', 'ab', 'a,', 'ö'])('refuses %j', (text) => {
  expect(() => parseDetachKeys(text)).toThrow(expect.objectContaining({ code: 'E_DETACH_KEYS' }));
});
