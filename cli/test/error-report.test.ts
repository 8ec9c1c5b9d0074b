import { WherryError } from '@wherry/core/errors';
import { describe, expect, it } from 'vitest';
import { errorRecord, errorText } from '../src/error-report.ts';

const cause = new Error('connect ECONNREFUSED 127.0.0.1:5000');
const error = new WherryError('the registry localhost:5000 does not answer', {
  code: 'E_REGISTRY_UNREACHABLE',
  hint: 'Check that it runs.',
  cause,
});

describe('an error', () => {
  it('is a sentence and what to do', () => {
    expect(errorText(error, false)).toBe(
      'wherry: the registry localhost:5000 does not answer\nCheck that it runs.\n',
    );
  });

  it('is a line of JSON where the diagnostics are', () => {
    const line = errorRecord(error, false);
    expect(line).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(line)).toMatchObject({
      level: 50,
      code: 'E_REGISTRY_UNREACHABLE',
      msg: 'the registry localhost:5000 does not answer',
      hint: 'Check that it runs.',
    });
    expect(JSON.parse(errorRecord(error, true)).causes).toEqual([
      'Caused by: connect ECONNREFUSED 127.0.0.1:5000',
    ]);
    expect(JSON.parse(errorRecord(new TypeError('x'), false))).toMatchObject({ code: 'E_DEFECT', msg: 'x' });
  });

  it('has code, causes and stack for debugging', () => {
    const lines = errorText(error, true).split('\n');
    expect(lines[0]).toBe('wherry: the registry localhost:5000 does not answer (E_REGISTRY_UNREACHABLE)');
    expect(lines[2]).toBe('Caused by: connect ECONNREFUSED 127.0.0.1:5000');
    expect(lines[3]).toMatch(/^ +at .*error-report\.test\.ts/);
  });

  it('lists every cause of several, and ends where causes run in a circle', () => {
    const several = new AggregateError([new Error('one'), new Error('two')], 'both failed');
    several.cause = several;
    const text = errorText(new WherryError('no', { code: 'E_X', hint: 'h', cause: several }), true);
    expect(text).toContain('Caused by: both failed\n  - one\n  - two\n');
  });

  it('that nobody foresaw is called a defect, with how to report it', () => {
    const text = errorText(new TypeError('x is not a function'), false);
    expect(text).toMatch(
      /^wherry: a defect in Wherry \d+\.\d+\.\d+ ended this command: x is not a function\n/,
    );
    expect(text).toContain('--log-level debug');
    expect(text).not.toMatch(/^ +at /m);
    expect(errorText('thrown text', false)).toContain('thrown text');
  });
});
