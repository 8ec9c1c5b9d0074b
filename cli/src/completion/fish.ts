import {
  type CompletedCommand,
  type CompletedFlag,
  type CompletionModel,
  fixedWords,
  LISTS,
} from './model.ts';

/** A script for fish: `wherry completion fish | source`. */
export function fishCompletion(model: CompletionModel): string {
  const { commands, topics, globalFlags } = model;
  const plain = commands.filter(({ words }) => !words.includes(' '));
  const top = [...topics, ...plain.map(({ words, summary }) => ({ name: words, summary }))];
  return [
    '# Completion of wherry for fish: wherry completion fish | source',
    'function __wherry_at',
    '    # Whether the words before the cursor, without flags, begin with these.',
    "    set -l words (commandline -opc | string match -v -- '-*')[2..-1]",
    '    set -l asked (count $argv)',
    '    if test $asked -eq 0',
    '        test (count $words) -eq 0',
    '    else',
    '        test (count $words) -ge $asked; and test "$words[1..$asked]" = "$argv"',
    '    end',
    'end',
    'complete -c wherry -f',
    ...top.map(({ name, summary }) => `complete -c wherry -n __wherry_at -a ${name} -d ${quote(summary)}`),
    ...globalFlags.map((flag) => flagLine('__wherry_at', flag)),
    ...commands.flatMap((command) => commandLines(command, model)),
    '',
  ].join('\n');
}

function commandLines(command: CompletedCommand, model: CompletionModel): string[] {
  const [first = '', second] = command.words.split(' ');
  const at = quote(`__wherry_at ${command.words}`);
  const list = LISTS[command.completes];
  const words = list !== undefined ? `(${list} 2>/dev/null)` : fixedWords(command, model).join(' ');
  return [
    ...(second === undefined
      ? []
      : [`complete -c wherry -n ${quote(`__wherry_at ${first}`)} -a ${second} -d ${quote(command.summary)}`]),
    ...(words === '' ? [] : [`complete -c wherry -n ${at} -a ${quote(words)}`]),
    ...command.flags.map((flag) => flagLine(at, flag)),
  ];
}

function flagLine(
  condition: string,
  { long, short, summary, takesValue, options, list }: CompletedFlag,
): string {
  const words = list === undefined ? options.join(' ') : `(${list} 2>/dev/null)`;
  const value = !takesValue ? '' : words !== '' ? ` -x -a ${quote(words)}` : ' -r';
  return `complete -c wherry -n ${condition} -l ${long}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quote(summary)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
