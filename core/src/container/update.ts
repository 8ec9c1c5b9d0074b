import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import { limitSettings, limitWarnings, makeCgroup, ownCgroup } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { notFound } from './find.ts';
import { NO_OPTIONS, type OptionRequest, parseOptions } from './options.ts';
import { findRunning } from './running.ts';

/**
 * Changes limits and restart policy of a container, at once where it runs.
 * @returns warnings of what has no effect, or not yet
 * @throws WherryError `E_OPTION`, `E_CGROUP`
 */
export function updateContainer(
  context: ContainerContext,
  id: string,
  request: OptionRequest,
): readonly string[] {
  const { table, machine } = context;
  const row = table.get(id);
  const spec = table.spec(id);
  if (row === undefined || spec === undefined) throw notFound(id);
  const before = spec.options ?? NO_OPTIONS;
  const asked = parseOptions(request, row.autoRemove);
  const limits = { ...before.limits, ...asked.limits };
  const restart = request.restart === undefined ? before.restart : asked.restart;
  const running = findRunning(context, id);
  const support = machine.platform.cgroup;
  if (running?.init !== undefined && ownCgroup(id, running.init.pid) !== undefined) {
    const group = makeCgroup(support, id, {});
    if (group !== undefined) write(group, limits);
  }
  table.setSpec(id, { ...spec, options: { ...before, limits, restart } });
  const later =
    running !== undefined && request.restart !== undefined
      ? [`the restart policy of ${row.name} takes effect with its next start: its monitor has the old one`]
      : [];
  return [...limitWarnings(asked.limits, support), ...later];
}

function write(group: string, limits: Parameters<typeof limitSettings>[0]): void {
  for (const { file, value, flag } of limitSettings(limits)) {
    const path = join(group, file);
    if (!existsSync(path)) continue;
    try {
      writeFileSync(path, value);
    } catch (cause) {
      throw new WherryError(`${flag} can't be changed: ${(cause as Error).message}.`, {
        code: 'E_CGROUP',
        hint: 'A limit on memory has to be above what is in use.',
        exitCode: EXIT.failure,
        cause,
      });
    }
  }
}
