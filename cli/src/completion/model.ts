import type { FlagInput } from '@oclif/core/interfaces';
import type { CommandClass, Completes } from '../base-command.ts';
import { COMMANDS, TOPICS } from '../commands.ts';
import { globalFlags } from '../flags/global.ts';
import { FLAG_LISTS, flagWords } from './values.ts';

/** A command as a shell's completion needs it. */
export interface CompletedCommand {
  /** `run`, `container run`. */
  readonly words: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  readonly completes: Completes;
  /** False where flags end at the first positional word. */
  readonly interspersed: boolean;
}

export interface CompletedFlag {
  readonly long: string;
  readonly short: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly options: readonly string[];
  /** What lists its values, where they are names of objects. */
  readonly list: string | undefined;
}

export interface CompletionModel {
  readonly commands: readonly CompletedCommand[];
  readonly topics: readonly { readonly name: string; readonly summary: string }[];
  readonly globalFlags: readonly CompletedFlag[];
}

/** All commands under all their names, from what the command classes say of themselves. */
export async function completionModel(): Promise<CompletionModel> {
  const classes = new Map<string, CommandClass>();
  for (const [id, load] of Object.entries(COMMANDS)) classes.set(id, await load());
  const plain = [...classes].filter(([id]) => !id.includes(' ')).map(([id, each]) => describe(id, each));
  const inTopics = Object.entries(TOPICS).flatMap(([topic, { commands }]) =>
    Object.entries(commands).flatMap(([word, id]) => {
      const found = classes.get(id);
      return found === undefined ? [] : [describe(`${topic} ${word}`, found)];
    }),
  );
  return {
    commands: [...plain, ...inTopics],
    topics: Object.entries(TOPICS).map(([name, { summary }]) => ({ name, summary })),
    globalFlags: describeFlags(globalFlags),
  };
}

function describe(
  words: string,
  { summary, flags, completes, interspersed }: CommandClass,
): CompletedCommand {
  return {
    words,
    summary: summary ?? '',
    flags: describeFlags({ ...flags, ...globalFlags }),
    completes,
    interspersed,
  };
}

function describeFlags(flags: FlagInput): CompletedFlag[] {
  return Object.entries(flags)
    .filter(([name, flag]) => flag.hidden !== true || name === 'help')
    .map(([long, flag]) => ({
      long,
      short: long === 'help' ? undefined : flag.char,
      summary: flag.summary ?? '',
      takesValue: flag.type === 'option',
      options: flag.type === 'option' ? (flag.options ?? flagWords(long)) : [],
      list: flag.type === 'option' ? FLAG_LISTS[long] : undefined,
    }));
}

/** What lists the names of a kind, at completion time: Wherry itself. */
export const LISTS: Readonly<Partial<Record<Completes, string>>> = {
  containers: "wherry ps -a --format '{{.Names}}'",
  running: "wherry ps --format '{{.Names}}'",
  stopped: "wherry ps -a --filter status=created --filter status=exited --format '{{.Names}}'",
  networks: "wherry network ls --format '{{.Name}}'",
  volumes: 'wherry volume ls -q',
  plugins: 'wherry plugin ls -q',
  images: "wherry images --format '{{.Repository}}:{{.Tag}}'",
  image: "wherry images --format '{{.Repository}}:{{.Tag}}'",
};

/** Fixed words, where the positional words are some. */
export function fixedWords({ completes }: CompletedCommand, { commands, topics }: CompletionModel): string[] {
  if (completes === 'shells') return ['bash', 'zsh', 'fish'];
  if (completes !== 'commands') return [];
  return [
    ...commands.map(({ words }) => words).filter((words) => !words.includes(' ')),
    ...topics.map(({ name }) => name),
  ];
}
