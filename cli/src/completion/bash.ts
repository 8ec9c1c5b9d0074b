import { type CompletedFlag, type CompletionModel, fixedWords, LISTS } from './model.ts';

/** A script for bash 4 and later: `source <(wherry completion bash)`. */
export function bashCompletion(model: CompletionModel): string {
  const { commands, topics, globalFlags } = model;
  const first = [
    ...topics.map(({ name }) => name),
    ...commands.map(({ words }) => words).filter((words) => !words.includes(' ')),
  ];
  const topicCases = topics.map(({ name }) => {
    const words = commands
      .filter((each) => each.words.startsWith(`${name} `))
      .map((each) => each.words.split(' ')[1]);
    return `    ${name}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur")) ;;`;
  });
  const cases = commands.map((command) => {
    const list = LISTS[command.completes];
    const fixed = fixedWords(command, model);
    const positional = list !== undefined ? `$(${list} 2>/dev/null)` : fixed.join(' ');
    const lines = [
      `    '${command.words}')`,
      `      flags='${flagWords(command.flags)}' values='${valueFlags(command.flags)}'`,
      `      first_only=${command.interspersed && command.completes !== 'images' ? 'no' : 'yes'} ends=${command.interspersed ? 'no' : 'yes'}`,
      ...(positional === '' ? [] : [`      list() { echo "${positional}"; }`]),
      '      ;;',
    ];
    return lines.join('\n');
  });
  return `# Completion of wherry for bash: source <(wherry completion bash)
_wherry() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local word command= topic= values='${valueFlags(globalFlags)}' flags= first_only=no ends=no positional=0 skip=no options=
  list() { :; }
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ $skip = yes ]; then skip=no; continue; fi
    case $word in
      -*) case " $values " in *" $word "*) skip=yes ;; esac ;;
      *)
        if [ -n "$command" ]; then positional=$((positional + 1)); continue; fi
        case $word in
          ${topics.map(({ name }) => name).join('|')}) if [ -z "$topic" ]; then topic=$word; continue; fi ;;
        esac
        command="\${topic:+$topic }$word"
        _wherry_command ;;
    esac
  done
  if [ "$ends" = yes ] && [ "$positional" -gt 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); return; fi
  if [ $skip = yes ]; then
    _wherry_options
    if [ -n "$options" ]; then COMPREPLY=($(compgen -W "$options" -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi
  elif [ -z "$command" ] && [ -n "$topic" ]; then
    case $topic in
${topicCases.join('\n')}
    esac
  elif [ -z "$command" ]; then
    case $cur in
      -*) COMPREPLY=($(compgen -W '${flagWords(globalFlags)} --version' -- "$cur")) ;;
      *) COMPREPLY=($(compgen -W '${first.join(' ')}' -- "$cur")) ;;
    esac
  else
    case $cur in
      -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
      *) if [ "$first_only" = no ] || [ "$positional" -eq 0 ]; then COMPREPLY=($(compgen -W "$(list)" -- "$cur")); fi ;;
    esac
  fi
  # A colon separates words for readline; a name with a tag is completed behind it.
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
_wherry_command() {
  case $command in
${cases.join('\n')}
  esac
}
_wherry_options() {
  options=
  case "$command $prev" in
${optionCases(model)}
  esac
}
complete -F _wherry wherry
`;
}

function flagWords(flags: readonly CompletedFlag[]): string {
  return flags
    .flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])])
    .join(' ');
}

function valueFlags(flags: readonly CompletedFlag[]): string {
  return flagWords(flags.filter(({ takesValue }) => takesValue));
}

function optionCases({ commands, globalFlags }: CompletionModel): string {
  return [...commands, { words: '', flags: globalFlags }]
    .flatMap(({ words, flags }) =>
      flags
        .filter(({ options, list }) => options.length > 0 || list !== undefined)
        .map(({ long, options, list }) => {
          const given = list === undefined ? `'${options.join(' ')}'` : `"$(${list} 2>/dev/null)"`;
          return `    '${words} --${long}') options=${given} ;;`;
        }),
    )
    .join('\n');
}
