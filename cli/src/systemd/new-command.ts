import type { FlagInput } from '@oclif/core/interfaces';

/** Flags of `run` that a unit sets itself, or that go against being started by it. */
const DROPPED = [
  'attach',
  'cidfile',
  'detach',
  'detach-keys',
  'interactive',
  'name',
  'restart',
  'rm',
  'sig-proxy',
];

/** Arguments of `run` by which a unit makes a container anew, from those that it was made by. `flags` are those of `run`. */
export function newCommand(words: readonly string[], name: string, flags: FlagInput): readonly string[] {
  const byChar = new Map(Object.entries(flags).map(([long, { char }]) => [char as string | undefined, long]));
  const takesValue = (long: string): boolean => flags[long]?.type === 'option';
  const rest = [...words];
  const kept: string[] = [];
  while (rest[0]?.startsWith('-') === true && rest[0] !== '-') {
    const word = rest.shift() ?? '';
    if (word === '--') break;
    if (word.startsWith('--')) keepLong(word);
    else keepShort(word);
  }
  return ['--rm', '--name', name, ...kept, ...rest];

  function keepLong(word: string): void {
    const long = word.slice(2).split('=', 1)[0] ?? '';
    const value = !word.includes('=') && takesValue(long) ? rest.splice(0, 1) : [];
    if (!DROPPED.includes(long)) kept.push(word, ...value);
  }

  /** `-itd`, `-p80:80`, `-v DIRECTORY:/data`. */
  function keepShort(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const char = word.charAt(at);
      const long = byChar.get(char) ?? '';
      const option = takesValue(long);
      const attached = option ? word.slice(at + 1) : '';
      const value = option && attached === '' ? rest.splice(0, 1) : [];
      if (!DROPPED.includes(long)) kept.push(`-${char}${attached}`, ...value);
      if (option) return;
    }
  }
}
