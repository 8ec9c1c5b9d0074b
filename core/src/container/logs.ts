import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LogLine, LogsOptions } from '../api.ts';
import { EXIT, WherryError } from '../errors/error.ts';
import { cacheFiles } from '../log/cache.ts';
import { DRIVER_LOG, driverLogNames } from '../log/driver/file.ts';
import { logForm, type ParsedForm } from '../log/form.ts';
import { readLog } from '../log/read.ts';
import { checkJournalFields, checkLogFiles } from '../plan/check.ts';
import { findProgram } from '../plan/facts.ts';
import { resolveLocation } from '../plan/resolve.ts';
import type { LogDriver } from '../plugin/drivers.ts';
import type { ContainerContext } from './context.ts';
import { driverGrants } from './drivers.ts';
import { isRunning, readFacts } from './facts.ts';
import { notFound } from './find.ts';
import { keptLog } from './kept.ts';
import { logCache, openRequest } from './log-plan.ts';
import { rootsOf } from './roots.ts';

const NEWLINE = Uint8Array.of(0x0a);

/**
 * A container's output, as its log driver says it is read: lines in order, as many as come at once.
 * @throws WherryError `E_LOG_UNREADABLE` for a driver that doesn't keep it in a form that can be read back
 */
export async function* containerLogs(
  context: ContainerContext,
  id: string,
  options: LogsOptions,
): AsyncGenerator<readonly LogLine[]> {
  const row = context.table.get(id);
  const spec = context.table.spec(id);
  if (row === undefined || spec === undefined) throw notFound(id);
  const directory = context.store.paths.container(id);
  const { processes } = context;
  const ended = (): boolean => !existsSync(directory) || !isRunning(readFacts(directory), processes);
  const following = (paths: readonly string[]) =>
    options.follow === true && !ended()
      ? { directories: [...new Set([directory, ...paths.map((path) => dirname(path))])], ended }
      : undefined;
  const kept = keptLog(context, id, spec);
  const keptForm = kept && logForm(kept.framing);
  if (kept !== undefined && keptForm !== undefined) {
    const paths = kept.paths.flatMap((path) => withRotated(directory, path));
    yield* readLog({ paths, form: keptForm }, options, following(paths));
    return;
  }
  const log = (await context.drivers()).log(spec.logDriver);
  const { value: reading } = log.read(openRequest(context, log, row, spec));
  const asker = { kind: 'log', driver: spec.logDriver, request: 'read' } as const;
  if (reading.tag === 'unreadable') {
    // Of one that keeps no log at all there is no copy either.
    const sent = log.open(openRequest(context, log, row, spec)).value.tag !== 'none';
    const cache = logCache(context, log, row, spec, sent);
    if (cache === undefined) throw unreadable(spec.logDriver, reading.val);
    const files = cacheFiles(directory, cache);
    yield* readLog(files, options, following(files.paths));
    return;
  }
  if (reading.tag === 'journal') {
    const fields = checkJournalFields(asker, reading.val);
    const program = findProgram('journalctl', context.env.PATH ?? '');
    if (program === undefined) throw unreadable(spec.logDriver, 'journalctl(1) is not on this machine');
    const { readJournal } = await import('../log/journal.ts');
    yield* readJournal({ program, fields }, options, options.follow === true ? ended : undefined);
    return;
  }
  const form = reading.tag === 'files' ? logForm(reading.val.framing) : parsedForm(log);
  if (form === undefined) throw unreadable(spec.logDriver, 'this version of Wherry cannot read its form');
  const named = reading.tag === 'files' ? reading.val.files : reading.val;
  const files = checkLogFiles(asker, named, driverGrants(log));
  const paths = files.flatMap((location) =>
    withRotated(directory, resolveLocation(location, rootsOf(context, asker, id))),
  );
  yield* readLog({ paths, form }, options, following(paths));
}

/** The file that is written for a driver is rotated for it. */
function withRotated(directory: string, path: string): readonly string[] {
  return path === join(directory, DRIVER_LOG)
    ? driverLogNames().map((name) => join(directory, name))
    : [path];
}

/** What the driver itself makes of its files. */
function parsedForm(log: LogDriver): ParsedForm {
  return {
    delimiting: 'newline',
    parseLines: (lines) =>
      log.parse(lines).value.map(({ time, stream, partial, text, attributes }) => ({
        time,
        stream,
        text: partial ? text : Buffer.concat([text, NEWLINE]),
        ...(attributes.length === 0
          ? {}
          : { attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value])) }),
      })),
  };
}

function unreadable(driver: string, reason: string): WherryError {
  // The driver's own sentence, which is Docker's for all first-party ones.
  return new WherryError(reason, {
    code: 'E_LOG_UNREADABLE',
    hint: `The log driver is ${driver}; json-file, k8s-file, local and journald are read, and others without cache-disabled=true.`,
    exitCode: EXIT.failure,
  });
}
