import { expect, it } from 'vitest';
import { completeEnvironment, DEFAULT_PATH, mergeEnvironment } from '../../src/container/environment.ts';

const defaults = { hostname: 'box', tty: false, home: '/root' };

it('lets the user replace a variable of the image, and keeps the others', () => {
  expect(mergeEnvironment(['A=1', 'C='], ['A=0', 'B=2'])).toEqual(['A=1', 'C=', 'B=2']);
});

it('takes a bare name as the wish to have it unset', () => {
  const merged = mergeEnvironment(['A', 'PATH'], ['A=0', 'B=2']);
  expect(completeEnvironment(merged, defaults)).toEqual(['HOSTNAME=box', 'B=2', 'HOME=/root']);
});

it('supplies PATH, HOSTNAME and HOME', () => {
  expect(completeEnvironment([], defaults)).toEqual([`PATH=${DEFAULT_PATH}`, 'HOSTNAME=box', 'HOME=/root']);
});

it('sets TERM on a terminal alone, and never over what was given', () => {
  expect(completeEnvironment([], { ...defaults, tty: true })).toContain('TERM=xterm');
  expect(completeEnvironment(['TERM=vt100', 'HOME=/h'], { ...defaults, tty: true })).toEqual([
    `PATH=${DEFAULT_PATH}`,
    'HOSTNAME=box',
    'TERM=vt100',
    'HOME=/h',
  ]);
});

it('keeps equals signs in values', () => {
  expect(completeEnvironment(['A=b=c'], defaults)).toContain('A=b=c');
});
