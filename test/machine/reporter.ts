import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestModule } from 'vitest/node';

/** Characters of a reason in the summary. */
const MAX_REASON = 300;

interface ReportedError {
  readonly message: string;
  readonly stacks?: readonly { readonly line: number }[] | undefined;
}

/** What one vitest run came to. */
export interface RunReport {
  readonly passed: number;
  readonly failed: readonly string[];
  /** Of the passed ones, those that passed at the second try only. */
  readonly retried: readonly { readonly name: string; readonly reason: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Writes a RunReport to the file that WHERRY_TEST_REPORT names. Unlike vitest's JSON reporter it keeps the reason
 * that a test gave with `context.skip(reason)`, and counts a file that couldn't be loaded as a failure.
 */
export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): void {
    const file = process.env.WHERRY_TEST_REPORT;
    if (file === undefined) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const named = tests.map((test) => ({
      name: `${test.module.relativeModuleId}: ${test.fullName}`,
      result: test.result(),
      tries: 1 + (test.diagnostic()?.retryCount ?? 0),
    }));
    const unloaded = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0);
    const suites = modules.flatMap((module) => [...module.children.allSuites()]);
    const report: RunReport = {
      passed: named.filter(({ result }) => result.state === 'passed').length,
      failed: [
        ...named
          .filter(({ result }) => result.state === 'failed' || result.state === 'pending')
          .map(({ name, result }) => `${name} (${firstError(result.errors)})`),
        ...unloaded.map((module) => `${module.relativeModuleId}: the file as a whole`),
        ...suites
          .filter((suite) => suite.errors().length > 0)
          .map((suite) => `${suite.module.relativeModuleId}: ${suite.fullName}: its hooks`),
        ...unhandled.map(({ message }) => `outside any test: ${message}`),
      ],
      retried: named
        .filter(({ result, tries }) => result.state === 'passed' && tries > 1)
        .map(({ name, result }) => ({ name, reason: firstError(result.errors) })),
      skipped: named.flatMap(({ name, result }) =>
        result.state === 'skipped' ? [{ name, reason: result.note ?? 'no reason given' }] : [],
      ),
    };
    writeFileSync(file, JSON.stringify(report));
  }
}

/** What a test failed with at first, in one line of at most 300 characters: its beginning and its end. */
export function firstError(errors: readonly ReportedError[] | undefined): string {
  const [error] = errors ?? [];
  if (error === undefined) return 'no error was recorded';
  const line = error.stacks?.[0]?.line;
  const at = line === undefined ? '' : `line ${line}: `;
  const text = stripVTControlCharacters(at + error.message)
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (text.length <= MAX_REASON) return text;
  const tail = Math.floor(MAX_REASON / 3);
  return `${text.slice(0, MAX_REASON - tail - 3)}...${text.slice(-tail)}`;
}
