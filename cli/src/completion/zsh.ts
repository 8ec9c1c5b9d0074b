import {
  type CompletedCommand,
  type CompletedFlag,
  type CompletionModel,
  fixedWords,
  LISTS,
} from './model.ts';

/** A script for zsh: `source <(wherry completion zsh)`, or as a file `_wherry` on its fpath. */
export function zshCompletion(model: CompletionModel): string {
  const { commands, topics, globalFlags } = model;
  const plain = commands
    .filter(({ words }) => !words.includes(' '))
    .map(({ words, summary }) => ({ name: words, summary }));
  return `#compdef wherry
# Completion of wherry for zsh: source <(wherry completion zsh)
_wherry() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C ${globalFlags.flatMap(flagSpec).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _values command ${[...topics, ...plain].map(value).join(' ')} ;;
    rest) _wherry_rest "$words[1]" ;;
  esac
}
_wherry_rest() {
  case $1 in
${topics.map(({ name }) => topicCase(name, model)).join('\n')}
    *) _wherry_command "$1" ;;
  esac
}
_wherry_command() {
  case $1 in
${commands.map((command) => commandCase(command, model)).join('\n')}
  esac
}
compdef _wherry wherry
`;
}

function topicCase(topic: string, { commands }: CompletionModel): string {
  const own = commands.filter(({ words }) => words.startsWith(`${topic} `));
  const values = own.map(({ words, summary }) => value({ name: words.split(' ')[1] ?? '', summary }));
  return `    ${topic})
      if (( CURRENT == 2 )); then _values command ${values.join(' ')}
      else local name=$words[2]; shift words; (( CURRENT-- )); _wherry_command "${topic} $name"; fi ;;`;
}

function commandCase(command: CompletedCommand, model: CompletionModel): string {
  const list = LISTS[command.completes];
  const fixed = fixedWords(command, model).join(' ');
  const words = list === undefined ? `(${fixed})` : `{compadd -- $(${list} 2>/dev/null)}`;
  const action = (place: '*' | '1'): string => (words === '()' ? '' : quote(`${place}: :${words}`));
  const positional = command.interspersed ? action('*') : `${action('1')} "*:: :_files"`;
  return `    ${quote(command.words)}) _arguments ${command.flags.flatMap(flagSpec).join(' ')} ${positional} ;;`;
}

function flagSpec({ long, short, summary, takesValue, options, list }: CompletedFlag): string[] {
  const text = summary.replace(/[[\]:]/g, '\\$&');
  const words = list === undefined ? `(${options.join(' ')})` : `{compadd -- $(${list} 2>/dev/null)}`;
  const action = !takesValue ? '' : words === '()' ? ':value:_files' : `:value:${words}`;
  const names = [
    `--${long}${takesValue ? '=' : ''}`,
    ...(short === undefined ? [] : [`-${short}${takesValue ? '+' : ''}`]),
  ];
  return names.map((name) => quote(`*${name}[${text}]${action}`));
}

function value({ name, summary }: { readonly name: string; readonly summary: string }): string {
  return quote(`${name}[${summary.replace(/[[\]:]/g, '\\$&')}]`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
