import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FlagInput } from '@oclif/core/interfaces';
import type { CommandClass } from './base-command.ts';
import { COMMANDS, TOPICS } from './commands.ts';
import { globalFlags } from './flags/global.ts';
import { isTerminal, STDOUT, terminalSize } from './terminal/output.ts';
import { wrapWords } from './terminal/wrap.ts';

const COMMON = ['run', 'ps', 'pull', 'images', 'version', 'info'];

/** `wherry --help`, laid out as Docker's. */
export async function rootHelp(): Promise<string> {
  const summaries = await allSummaries();
  const others = Object.keys(COMMANDS).filter((name) => !COMMON.includes(name) && !name.includes(' '));
  const width = Math.max(...[...COMMON, ...others, ...Object.keys(TOPICS)].map((name) => name.length));
  const list = (names: readonly string[]) =>
    names.map((name) => `  ${name.padEnd(width)}   ${summaries.get(name) ?? TOPICS[name]?.summary ?? ''}`);
  return [
    'Usage:  wherry [OPTIONS] COMMAND',
    '',
    'Containers without root',
    '',
    'Common Commands:',
    ...list(COMMON),
    '',
    'Management Commands:',
    ...list(Object.keys(TOPICS)),
    '',
    'Commands:',
    ...list(others.toSorted()),
    '',
    'Global Options:',
    ...flagLines({
      ...globalFlags,
      version: { type: 'boolean', char: 'v', summary: 'Print version information and quit' },
    }),
    '',
    "Run 'wherry COMMAND --help' for more information on a command.",
    `The guide is ${documentation()}/guide.md, with more to read beside it.`,
  ].join('\n');
}

/** The package's `docs`, beside dist/ and, in a checkout, beside cli/. */
function documentation(): string {
  const packaged = join(import.meta.dirname, '../docs');
  return existsSync(packaged) ? packaged : join(import.meta.dirname, '../../docs');
}

/** `wherry image --help`. */
export async function topicHelp(name: string): Promise<string> {
  const topic = TOPICS[name];
  if (topic === undefined) throw new Error(`There is no topic ${name}.`);
  const summaries = await allSummaries();
  const shown = Object.entries(topic.commands).filter(
    // The word that comes last stands for its synonyms, as Docker shows `ls` and not `list`.
    ([word, id]) => !['list', 'ps', 'remove'].includes(word) || word === id,
  );
  const names = shown.filter(([word, id]) => !(name === 'container' && word === 'ps' && id === 'ps'));
  const width = Math.max(...names.map(([word]) => word.length));
  return [
    `Usage:  wherry ${name} COMMAND`,
    '',
    topic.summary,
    '',
    'Commands:',
    ...names.map(([word, id]) => `  ${word.padEnd(width)}   ${summaries.get(id) ?? ''}`),
    '',
    `Run 'wherry ${name} COMMAND --help' for more information on a command.`,
  ].join('\n');
}

/** `wherry run --help`: usage, summary, aliases, flags. */
export function commandHelp(command: CommandClass, called: string): string {
  const lines = [usageLine(command, called), '', command.summary ?? ''];
  const words = aliases(command.id);
  if (words.length > 1) lines.push('', 'Aliases:', `  ${words.map((each) => `wherry ${each}`).join(', ')}`);
  if (Object.keys(command.flags).length > 0) lines.push('', 'Options:', ...flagLines(command.flags));
  const examples = (command.examples ?? []).map(
    (each) => `  ${typeof each === 'string' ? each : each.command}`,
  );
  if (examples.length > 0) lines.push('', 'Examples:', ...examples);
  return lines.join('\n');
}

export function usageLine(command: CommandClass, called: string): string {
  return `Usage:  wherry ${called}${typeof command.usage === 'string' ? ` ${command.usage}` : ''}`;
}

/** Every spelling of a command, the short one last. */
function aliases(id: string): string[] {
  const others = Object.entries(TOPICS).flatMap(([topic, { commands }]) =>
    Object.entries(commands).flatMap(([word, target]) => (target === id ? [`${topic} ${word}`] : [])),
  );
  return [...new Set([...others, id])];
}

async function allSummaries(): Promise<Map<string, string>> {
  const classes = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return new Map(classes.map((each) => [each.id, each.summary ?? '']));
}

type Described = Pick<FlagInput[string], 'type' | 'char' | 'summary' | 'hidden'> & {
  readonly helpValue?: string | string[];
};

/** pflag's layout: names in one column, wrapped text in the other. */
export function flagLines(flags: Readonly<Record<string, Described>>, columns = helpColumns()): string[] {
  const shown = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({ left: flagName(name, flag), text: flag.summary ?? '' }));
  const width = Math.max(...shown.map(({ left }) => left.length)) + 3;
  return shown.flatMap(({ left, text }) =>
    wrapWords(text, Math.max(24, columns - width)).map(
      (line, index) => (index === 0 ? left : '').padEnd(width) + line,
    ),
  );
}

function flagName(name: string, { type, char, helpValue }: Described): string {
  const value = type === 'boolean' ? '' : ` ${typeof helpValue === 'string' ? helpValue : 'string'}`;
  return `${char === undefined ? '     ' : `  -${char},`} --${name}${value}`;
}

function helpColumns(): number {
  return isTerminal(STDOUT) ? terminalSize(STDOUT).columns : 80;
}
