import type { StatsSample } from '@wherry/core/api';
import type { ListFormat } from './list.ts';
import { shortId } from './units.ts';

/** Two looks at one container; what it used up between them makes the percentage. */
export interface StatsRow {
  readonly before: StatsSample | undefined;
  readonly now: StatsSample;
  /** As it was named on the command line. */
  readonly asked?: string | undefined;
}

/** Docker's columns and template fields of `stats`. */
export function statsList(noTrunc: boolean): ListFormat<StatsRow> {
  return {
    columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
    headers: {
      Container: 'CONTAINER',
      ID: 'CONTAINER ID',
      Name: 'NAME',
      CPUPerc: 'CPU %',
      MemUsage: 'MEM USAGE / LIMIT',
      MemPerc: 'MEM %',
      NetIO: 'NET I/O',
      BlockIO: 'BLOCK I/O',
      PIDs: 'PIDS',
    },
    fields: ({ before, now, asked }) => ({
      Container: asked ?? (noTrunc ? now.id : shortId(now.id)),
      ID: noTrunc ? now.id : shortId(now.id),
      Name: now.name,
      CPUPerc: `${cpuPercent(before, now).toFixed(2)}%`,
      MemUsage: `${binary(now.memory)} / ${binary(now.memoryLimit)}`,
      MemPerc: `${(now.memoryLimit === 0 ? 0 : (now.memory / now.memoryLimit) * 100).toFixed(2)}%`,
      NetIO: now.network.map(decimal).join(' / '),
      BlockIO: now.block.map(decimal).join(' / '),
      PIDs: String(now.pids),
    }),
  };
}

/** 100 is one processor. */
export function cpuPercent(before: StatsSample | undefined, now: StatsSample): number {
  const elapsed = before === undefined ? 0 : (now.time - before.time) * 1000;
  return before === undefined || elapsed <= 0 ? 0 : Math.max(0, ((now.cpu - before.cpu) / elapsed) * 100);
}

const binary = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
const decimal = (bytes: number): string => scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);

/** `docker/go-units`: four significant digits for binary sizes, three for decimal ones. */
function scaled(bytes: number, base: number, units: readonly string[]): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${Number(value.toPrecision(base === 1024 ? 4 : 3))}${units[unit] ?? ''}`;
}
