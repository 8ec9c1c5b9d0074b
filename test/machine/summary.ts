import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunReport } from './reporter.ts';

/**
 * summary.ts STATUS:REPORT...: the last lines of `npm test`. A step that failed without a report, or with no failed
 * test in it, counts as one failure under the report's name.
 */
const reports = process.argv.slice(2).map(readReport);
const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failed = reports.flatMap((report) => report.failed);
const retried = reports.flatMap((report) => report.retried);
const skipped = reports.flatMap((report) => report.skipped);

console.log('');
for (const { name, reason } of skipped) console.log(`skipped  ${name} (${reason})`);
for (const { name, reason } of retried)
  console.log(`retried  ${name} (passed at the second try, failed at first: ${reason})`);
for (const name of failed) console.log(`failed   ${name}`);
const again = retried.length === 0 ? '' : ` (${retried.length} of them at the second try)`;
console.log(`${passed} passed${again}, ${failed.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

function readReport(argument: string): RunReport {
  const colon = argument.indexOf(':');
  const [status, file] = [argument.slice(0, colon), argument.slice(colon + 1)];
  const name = path.basename(file, '.json');
  let report: RunReport = { passed: 0, failed: [], retried: [], skipped: [] };
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  if (status === '0' || report.failed.length > 0) return report;
  return { ...report, failed: [`${name} ended with status ${status}; see its output above`] };
}
