import type { Arity } from '../base-command.ts';
import { usageError } from './usage-error.ts';

/** @throws WherryError `E_USAGE` in Docker's words */
export function checkArity(command: string, { min, max }: Arity, positionals: readonly string[]): void {
  const count = positionals.length;
  if (count >= min && count <= max) return;
  const plural = (number: number) => `${number} argument${number === 1 ? '' : 's'}`;
  const name = `'wherry ${command}'`;
  if (max === 0) throw usageError(command, `${name} accepts no arguments`);
  if (min === max) throw usageError(command, `${name} requires ${plural(min)}`);
  if (min > 0 && max < Number.POSITIVE_INFINITY)
    throw usageError(command, `${name} requires at least ${min} and at most ${plural(max)}`);
  if (count < min) throw usageError(command, `${name} requires at least ${plural(min)}`);
  throw usageError(command, `${name} requires at most ${plural(max)}`);
}
