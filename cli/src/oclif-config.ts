import type { Config } from '@oclif/core';
import { VERSION } from './version.ts';

/**
 * What oclif's `Command` asks of its configuration, and nothing else. `Config.load` reads package.json files, a manifest
 * and the terminal's settings for what is known when the bundle is built; it costs more than the rest of the CLI.
 */
export const oclifConfig = {
  bin: 'wherry',
  name: 'wherry',
  version: VERSION,
  userAgent: `wherry/${VERSION}`,
  scopedEnvVar: () => undefined,
  scopedEnvVarKey: (key: string) => `WHERRY_${key}`,
  scopedEnvVarKeys: (key: string) => [`WHERRY_${key}`],
  runHook: async () => ({ successes: [], failures: [] }),
} as unknown as Config;
