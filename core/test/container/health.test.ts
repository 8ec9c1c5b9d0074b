import { describe, expect, it } from 'vitest';
import { durationMs, goDuration } from '../../src/container/duration.ts';
import { healthState, healthTimes, mergeHealth, parseHealth } from '../../src/container/health.ts';

describe('mergeHealth', () => {
  const image = { Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9, Retries: 9 } };

  it('has none where neither flag nor image has one', () => {
    expect(mergeHealth(undefined, {})).toBeUndefined();
  });
  it('takes the image’s, and the flags’ over it', () => {
    expect(mergeHealth(undefined, image)).toEqual({ config: image.Healthcheck, argv: ['true'] });
    expect(mergeHealth({ retries: 1, timeout: 2e9 }, image)).toEqual({
      config: { Test: ['CMD', 'true'], Interval: 5e9, Retries: 1, Timeout: 2e9 },
      argv: ['true'],
    });
    // As in Docker, a zero is what isn't said.
    expect(mergeHealth({ retries: 0, interval: 0 }, image)?.config).toEqual(image.Healthcheck);
  });
  it('runs a line by the image’s shell', () => {
    expect(mergeHealth({ cmd: 'a && b' }, {})?.argv).toEqual(['/bin/sh', '-c', 'a && b']);
    expect(mergeHealth({ cmd: 'a' }, { Shell: ['/bin/bash', '-ec'] })?.argv).toEqual([
      '/bin/bash',
      '-ec',
      'a',
    ]);
  });
  it('passes over what an image has in a wrong form', () => {
    const odd = { Healthcheck: { Test: 'CMD true', Interval: '5s', Retries: 2 } } as unknown as typeof image;
    expect(mergeHealth(undefined, odd)).toEqual({ config: { Retries: 2 }, argv: [] });
  });
  it('is switched off by NONE', () => {
    expect(mergeHealth({ none: true }, image)).toEqual({
      config: { Test: ['NONE'], Interval: 5e9, Retries: 9 },
      argv: [],
    });
    expect(mergeHealth(undefined, { Healthcheck: { Test: ['NONE'] } })?.argv).toEqual([]);
  });
  it.each([
    [{ none: true, cmd: 'x' }, /conflicts with/],
    [{ interval: -1e9 }, /--health-interval cannot be negative/],
    [{ timeout: 1000 }, /Timeout in Healthcheck cannot be less than 1ms/],
    [{ retries: -1 }, /--health-retries cannot be negative/],
  ])('refuses %j', (request, words) => {
    expect(() => mergeHealth(request, {})).toThrow(words);
  });
});

it('times that nobody gave are Docker’s', () => {
  expect(healthTimes({ config: {}, argv: [] })).toEqual({
    interval: 30_000,
    timeout: 30_000,
    startPeriod: 0,
    startInterval: 5000,
    retries: 3,
  });
});

describe('the fact', () => {
  const [start, end] = ['2026-01-01T00:00:01.000000000Z', '2026-01-01T00:00:02.000000000Z'];
  const fact = parseHealth(
    Buffer.from(
      `unhealthy 4\n${start} ${end} 1 0 0 8\nä\nline\n\n${start} ${end} -1 1 0 0\n\n${start} ${end} 0 0 1 2\nyy\n`,
    ),
  );

  it('is read with outputs that have lines', () => {
    expect(fact).toMatchObject({ status: 'unhealthy', failingStreak: 4 });
    expect(fact?.log.map(({ output }) => output)).toEqual(['ä\nline\n', '', 'yy']);
    expect(parseHealth(Buffer.from('starting 0\n'))).toEqual({
      status: 'starting',
      failingStreak: 0,
      log: [],
    });
    expect(parseHealth(Buffer.from(''))).toBeUndefined();
  });
  it('is shown as Docker does', () => {
    const check = { config: { Timeout: 1.5e9 }, argv: ['x'] };
    expect(healthState(check, fact, true)).toEqual({
      Status: 'unhealthy',
      FailingStreak: 4,
      Log: [
        { Start: start, End: end, ExitCode: 1, Output: 'ä\nline\n' },
        { Start: start, End: end, ExitCode: -1, Output: 'Health check exceeded timeout (1.5s)' },
        { Start: start, End: end, ExitCode: 0, Output: 'yy...' },
      ],
    });
    expect(healthState(check, { status: 'healthy', failingStreak: 0, log: [] }, false)?.Status).toBe(
      'unhealthy',
    );
    expect(healthState(check, undefined, false)?.Status).toBe('starting');
    expect(healthState({ config: {}, argv: [] }, undefined, true)).toBeUndefined();
  });
});

it.each(['500ms', '1.5s', '30s', '1m30s', '2h0m5s'])('%s is read and written as Go does', (text) => {
  expect(goDuration(durationMs(text) ?? -1)).toBe(text);
});
