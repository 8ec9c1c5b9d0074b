/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1); scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SKIP = /[\s,]*/y;
const EQUALS = /\s*=\s*/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/** All challenges of a header; what can't be parsed ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SKIP);
    const word = take(TOKEN)?.[0];
    if (word === undefined) return challenges;
    const current = challenges.at(-1);
    if (current !== undefined && take(EQUALS) !== null) {
      const quoted = take(QUOTED);
      const value = quoted === null ? take(TOKEN)?.[0] : quoted[1]?.replace(/\\(.)/g, '$1');
      if (value === undefined) return challenges;
      current.parameters[word.toLowerCase()] = value;
      continue;
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: {} });
    // Negotiate and the like carry bare data in place of parameters.
    const before = at;
    take(SKIP);
    if (take(TOKEN68) === null || !header.slice(before, at).startsWith(' ')) at = before;
  }
}
