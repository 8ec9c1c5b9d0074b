import * as Flags from '@oclif/core/flags';
import type { CommandContext, Session } from './base-command.ts';
import { COMMANDS, resolveCommand, TOPICS } from './commands.ts';
import { reportError } from './error-report.ts';
import { GLOBAL_DEFAULTS, globalFlags, withGlobalFlags } from './flags/global.ts';
import { type Parsed, parseFlags } from './flags/parse.ts';
import type { Front } from './front.ts';
import { HelpRequest } from './help-request.ts';
import { keepBlocking } from './terminal/keep-blocking.ts';
import { print, printError } from './terminal/output.ts';
import { VERSION } from './version.ts';

/** What the loader offers. */
export interface MainHooks {
  /** Keeps what V8 has compiled so far for the next call of the command by this name. */
  readonly saveCodeCache: (command: string) => void;
  /** When the command line was called with one. */
  readonly front: Front | undefined;
}

const firstFlags = {
  ...globalFlags,
  version: Flags.boolean({ char: 'v', summary: 'Print version information and quit' }),
};

/** Runs one command line (without node and the file's name) to its exit status. Nothing is thrown. */
export async function main(argv: readonly string[], hooks: MainHooks): Promise<number> {
  keepBlocking();
  const session: Session = { options: GLOBAL_DEFAULTS, front: hooks.front };
  const saveCodeCache = () => {
    if (session.unusual === true) return;
    const [first = '--help'] = argv;
    if (first === '--help' || first === '-h') hooks.saveCodeCache('help');
    else if (Object.hasOwn(COMMANDS, first) || Object.hasOwn(TOPICS, first)) hooks.saveCodeCache(first);
  };
  try {
    const status = await answer(argv, session, saveCodeCache);
    // What fails stops halfway: its code would be all that later calls find compiled.
    if (status === 0) saveCodeCache();
    return status;
  } catch (error) {
    return reportError(error, session.options);
  }
}

async function answer(argv: readonly string[], session: Session, saveCodeCache: () => void): Promise<number> {
  const { flags, positionals } = await readFirstFlags(argv);
  session.options = withGlobalFlags(session.options, flags);
  if (flags.version === true) {
    print(`Wherry version ${VERSION}`);
    return 0;
  }
  const words = flags.help === true ? ['help', ...positionals] : positionals;
  if (words.length > 0) return await dispatch(words, session, saveCodeCache);
  // As Docker does: `wherry` alone prints its help where it can't be taken for output.
  const { rootHelp } = await import('./help.ts');
  printError(await rootHelp());
  return 0;
}

/** The flags before the command's name; Docker's client has some that its users type by heart. */
async function readFirstFlags(argv: readonly string[]): Promise<Parsed> {
  const request = { command: '', argv, interspersed: false } as const;
  if (!argv[0]?.startsWith('-')) return parseFlags({ ...request, flags: firstFlags });
  const { dockerClientFlags, refuseDaemonFlags } = await import('./flags/docker-client.ts');
  const level = { ...firstFlags['log-level'], char: 'l' } as const;
  const parsed = parseFlags({
    ...request,
    flags: { ...firstFlags, ...dockerClientFlags, 'log-level': level },
  });
  refuseDaemonFlags(parsed.flags);
  return parsed.flags.debug === true
    ? { ...parsed, flags: { ...parsed.flags, 'log-level': 'debug' } }
    : parsed;
}

async function dispatch(
  words: readonly string[],
  session: Session,
  saveCodeCache: () => void,
): Promise<number> {
  const resolved = resolveCommand(words);
  if (resolved.kind === 'topic') {
    const { topicHelp } = await import('./help.ts');
    print(await topicHelp(resolved.topic));
    return 0;
  }
  const load = COMMANDS[resolved.id];
  if (load === undefined) throw new Error(`There is no command ${resolved.id}.`);
  const Class = await load();
  const context: CommandContext = { called: resolved.called, session, saveCodeCache };
  try {
    return await new Class([...resolved.argv], context).execute();
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    const { commandHelp } = await import('./help.ts');
    print(commandHelp(Class, resolved.called));
    return 0;
  }
}
