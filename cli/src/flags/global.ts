import * as Flags from '@oclif/core/flags';
import type { FlagValue } from './parse.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const LOG_FORMATS = ['json', 'pretty'] as const;

/** Flags of every command; they may stand before the command's name or after it. A command's own `-h` goes first. */
export const globalFlags = {
  'log-level': Flags.option({ options: LOG_LEVELS })({
    helpValue: 'string',
    summary: `Diagnostics on stderr from this level on: ${LOG_LEVELS.join(', ')} (default "warn")`,
  }),
  'log-format': Flags.option({ options: LOG_FORMATS })({
    helpValue: 'string',
    summary: 'Diagnostics as "pretty" lines or as "json" objects (default "pretty")',
  }),
  root: Flags.string({
    helpValue: 'string',
    summary: 'Directory of the state (default $WHERRY_ROOT, or ~/.local/share/wherry)',
  }),
  'insecure-registry': Flags.string({
    multiple: true,
    helpValue: 'list',
    summary: 'Registry (HOST[:PORT]) that may be spoken to without trusted TLS',
  }),
  help: Flags.boolean({ char: 'h', summary: 'Print usage', hidden: true }),
};

export interface GlobalOptions {
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: (typeof LOG_FORMATS)[number];
  readonly root?: string;
  readonly insecureRegistries: readonly string[];
}

export const GLOBAL_DEFAULTS: GlobalOptions = {
  logLevel: 'warn',
  logFormat: 'pretty',
  insecureRegistries: [],
};

/** Adds what one parse found to what was known: a later single value wins, lists grow. */
export function withGlobalFlags(
  before: GlobalOptions,
  flags: Readonly<Record<string, FlagValue>>,
): GlobalOptions {
  const level = LOG_LEVELS.find((each) => each === flags['log-level']);
  const format = LOG_FORMATS.find((each) => each === flags['log-format']);
  const insecure = flags['insecure-registry'];
  return {
    logLevel: level ?? before.logLevel,
    logFormat: format ?? before.logFormat,
    ...(typeof flags.root === 'string'
      ? { root: flags.root }
      : before.root === undefined
        ? {}
        : { root: before.root }),
    insecureRegistries: [...before.insecureRegistries, ...(Array.isArray(insecure) ? insecure : [])],
  };
}
