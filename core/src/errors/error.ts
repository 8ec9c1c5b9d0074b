/** Exit statuses of Docker's CLI that aren't the container's own. */
export const EXIT = {
  /** Any failure of a command that runs no container, as for `docker images`. */
  failure: 1,
  /** A flag that can't be read, in every command; in `run`, whatever failed before the container's command ran. */
  engine: 125,
  /** The container's command exists and can't be invoked. */
  notExecutable: 126,
  /** The container's command wasn't found. */
  notFound: 127,
} as const;

export interface WherryErrorOptions {
  /** Stable, documented in docs/errors.md: `E_` and upper-case words, e.g. `E_IMAGE_NOT_FOUND`. */
  readonly code: `E_${string}`;
  /** What the user can do about it, one sentence or a command line. */
  readonly hint: string;
  /** Exit status of the CLI; Docker's. 1 unless said: what Docker's client reads and its daemon refuses. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/**
 * An error that is the user's to read: `message` is one sentence on what failed and on what, `hint` says what to do.
 * Anything else that is thrown is a defect of Wherry and is reported as one.
 */
export class WherryError extends Error {
  override readonly name = 'WherryError';
  readonly code: `E_${string}`;
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, options: WherryErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failure;
  }
}
