import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { firstError, type RunReport } from './reporter.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'wherry-reporter-'));
afterAll(() => rmSync(directory, { recursive: true }));

const TESTS = `
let tries = 0;
it('at the second try', () => expect((tries += 1), 'the first\\nreason').toBe(2));
it('never', () => { throw new Error('always'); });
it('not here', (context) => context.skip('no such machine'));
it('at once', () => undefined);
`;

it('tells what each test failed with, also one that passed at its second try', () => {
  writeFileSync(path.join(directory, 'some.test.js'), TESTS);
  const report = path.join(directory, 'report.json');
  const vitest = path.join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const reporter = path.join(import.meta.dirname, 'reporter.ts');
  const flags = ['--globals', '--retry=1', '--root', directory, `--reporter=${reporter}`];
  const run = spawnSync(process.execPath, [vitest, 'run', ...flags], {
    env: { PATH: process.env.PATH, WHERRY_TEST_REPORT: report },
    encoding: 'utf8',
  });
  expect(run.status, run.stdout + run.stderr).toBe(1);
  const found: RunReport = JSON.parse(readFileSync(report, 'utf8'));
  expect(found).toEqual({
    passed: 2,
    retried: [
      {
        name: 'some.test.js: at the second try',
        reason: expect.stringMatching(/^line 3: the first reason: /),
      },
    ],
    failed: ['some.test.js: never (line 4: always)'],
    skipped: [{ name: 'some.test.js: not here', reason: 'no such machine' }],
  });
  const summary = path.join(import.meta.dirname, 'summary.ts');
  const { stdout, status } = spawnSync(process.execPath, [summary, `1:${report}`], { encoding: 'utf8' });
  expect(status).toBe(1);
  const lines = stdout.trim().split('\n');
  expect(lines[1]).toMatch(
    /^retried {2}some\.test\.js: at the second try \(.*: line 3: the first reason: .*\)$/,
  );
  expect(lines.at(-1)).toBe('2 passed (1 of them at the second try), 1 failed, 1 skipped');
});

it('cuts a long reason in its middle', () => {
  const reason = firstError([{ message: `begin ${'x'.repeat(1000)}\n\u001b[31mend\u001b[39m` }]);
  expect(reason).toHaveLength(300);
  expect(reason).toMatch(/^begin x+\.\.\.x+ end$/);
  expect(firstError([])).toBe('no error was recorded');
});
