import { WherryError } from '../errors/error.ts';

const FAULTY = 'The image is faulty where it was built or stored; pull it again, or tell who publishes it.';

/** A layer that can't be read: cut short, not compressed as it begins, no tar. `what` completes "The layer …". */
export function corruptLayer(name: string, what: string, cause?: unknown): WherryError {
  return new WherryError(`The ${name} ${what}.`, { code: 'E_LAYER_CORRUPT', hint: FAULTY, cause });
}

/** A layer that can be read and asks for what no layer may. */
export function invalidLayer(name: string, what: string): WherryError {
  return new WherryError(`The ${name} ${what}.`, { code: 'E_LAYER_INVALID', hint: FAULTY });
}

/** Archive errors before it is known which layer they are of. */
export class TarError extends Error {
  override readonly name = 'TarError';
  /** Whether the archive is damaged, and not just something that isn't for us. */
  readonly corrupt: boolean;

  constructor(message: string, options: { readonly corrupt: boolean }) {
    super(message);
    this.corrupt = options.corrupt;
  }
}
