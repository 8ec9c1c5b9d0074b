import { type KeyValue, OptionInfo, type OptionType } from './types.ts';

/** An entry of what `describe` lists. */
export function option(name: string, kind: OptionType, initial: string, help: string): OptionInfo {
  const made = new OptionInfo();
  made.name = name;
  made.kind = kind;
  made.default = initial;
  made.help = help;
  return made;
}

/** The last value that was given for an option, else `initial`. */
export function optionValue(options: KeyValue[], name: string, initial: string): string {
  let value = initial;
  for (let i = 0; i < options.length; i++) {
    if (options[i].key === name) value = options[i].value;
  }
  return value;
}
