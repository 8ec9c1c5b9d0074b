import { expect, test } from 'vitest';
import { chooseNames } from '../../src/log/choice.ts';

const FROM = {
  labels: ['tier', 'team.a', 'team.b', 'OS'].map((key) => ({ key, value: '1' })),
  env: ['PATH', 'LC_ALL', 'LC_TIME'].map((key) => ({ key, value: '1' })),
};
const all = () => true;

test.each([
  [{}, {}],
  [{ 'labels-regex': '^team' }, { labels: 'team.a,team.b' }],
  [{ labels: 'tier,team.a', 'labels-regex': 'team\\.' }, { labels: 'tier,team.a,team.b' }],
  [{ 'labels-regex': '(?i)^os$' }, { labels: 'OS' }],
  [{ 'labels-regex': 'nothing' }, {}],
  [{ 'labels-regex': '' }, {}],
  [
    { 'env-regex': '^LC_', tag: 'x' },
    { env: 'LC_ALL,LC_TIME', tag: 'x' },
  ],
])('%j chooses %j', (options, expected) => {
  expect(chooseNames(options as Record<string, string>, FROM, all)).toEqual(expected);
});

test('a driver that carries no names is left to refuse the pattern', () => {
  const options = { 'labels-regex': 'x' };
  expect(chooseNames(options, FROM, () => false)).toEqual(options);
});

test('what is no pattern is refused by the name of the option', () => {
  expect(() => chooseNames({ 'env-regex': '(' }, FROM, all)).toThrowError(
    expect.objectContaining({ code: 'E_LOG_PATTERN', message: expect.stringMatching(/env-regex.*"\("/) }),
  );
});
