import * as Flags from '@oclif/core/flags';
import { EXIT, WherryError } from '@wherry/core/errors';
import type { FlagValue } from './parse.ts';

/** Flags that Docker's client takes before the command's name, read when the first word is a flag. */
export const dockerClientFlags = {
  debug: Flags.boolean({ char: 'D', hidden: true }),
  host: Flags.string({ char: 'H', multiple: true, hidden: true }),
  context: Flags.string({ char: 'c', hidden: true }),
  config: Flags.string({ hidden: true }),
  tls: Flags.boolean({ hidden: true }),
  tlsverify: Flags.boolean({ hidden: true }),
  tlscacert: Flags.string({ hidden: true }),
  tlscert: Flags.string({ hidden: true }),
  tlskey: Flags.string({ hidden: true }),
};

/** @throws WherryError `E_UNSUPPORTED_FLAG` for one that can't mean anything here */
export function refuseDaemonFlags(flags: Readonly<Record<string, FlagValue | undefined>>): void {
  const daemon = ['host', 'context', 'tls', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey'];
  const asked = daemon.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (asked !== undefined)
    throw refused(
      `--${asked} can't be had: there is no daemon to connect to`,
      'Leave it out; for another machine: ssh HOST wherry ...',
    );
  if (flags.config !== undefined)
    throw refused(
      "--config can't be had: settings are in ~/.config/wherry/config.json",
      'For logins that lie elsewhere, set DOCKER_CONFIG or REGISTRY_AUTH_FILE.',
    );
}

function refused(sentence: string, hint: string): WherryError {
  return new WherryError(sentence, { code: 'E_UNSUPPORTED_FLAG', hint, exitCode: EXIT.engine });
}
