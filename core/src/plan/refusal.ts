import { EXIT, WherryError } from '../errors/error.ts';

/** Who asks: what an error about a plan names. */
export interface Asker {
  readonly kind: 'storage' | 'network' | 'log';
  /** The driver's name, e.g. `overlay`. */
  readonly driver: string;
  /** What was asked of it: the function's name in the WIT, e.g. `mounts`. */
  readonly request: string;
}

/** A reason to refuse an operation; the gate says whose operation it was. */
export class Refusal extends Error {}

/** @throws Refusal unless `holds` */
export function demand(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Refusal(reason);
}

/** The error for a plan that asks for what its driver may not do. `place` is e.g. `operation 3 (overlay-mount)`. */
export function planRefused(asker: Asker, place: string, reason: string): WherryError {
  return new WherryError(
    `The plan of ${asker.kind} driver ${asker.driver} for ${asker.request} was refused: ${place}: ${reason}.`,
    {
      code: 'E_PLAN_REFUSED',
      hint: `Nothing was carried out. Choose another ${asker.kind} driver, or tell the author of ${asker.driver}.`,
      exitCode: EXIT.engine,
    },
  );
}
