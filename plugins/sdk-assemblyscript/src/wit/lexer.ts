export interface Token {
  readonly kind: 'word' | 'version' | 'symbol' | 'end';
  readonly text: string;
  /** The `///` lines right before the token, without their slashes. */
  readonly doc: readonly string[];
  readonly line: number;
}

/** What is wrong in a WIT source, and where. */
export class WitError extends Error {
  override readonly name = 'WitError';

  constructor(message: string, source: string, line: number) {
    super(`${source}:${line}: ${message}`);
  }
}

const PATTERN =
  /(?<space>[ \t\r\n]+)|\/\/\/(?<doc>[^\n]*)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<word>%?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)|(?<version>\d+\.\d+\.\d+(?:[-+.A-Za-z0-9]*[A-Za-z0-9])?)|(?<symbol>->|[{}()<>,:;=./@*_])/y;

/**
 * Splits a WIT source (component model, "WIT.md", lexical structure) into its tokens. The `%` that lets a keyword serve as
 * a name stays in the token's text.
 * @throws WitError at a character that begins no token
 */
export function tokenize(text: string, source: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  let doc: string[] = [];
  let line = 1;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new WitError(`unexpected ${JSON.stringify(text[at])}`, source, line);
    const { doc: comment, word, version, symbol } = match.groups ?? {};
    if (comment !== undefined) doc.push(comment.replace(/^ /, '').trimEnd());
    const tokenText = word ?? version ?? symbol;
    if (tokenText !== undefined) {
      const kind = word !== undefined ? 'word' : version !== undefined ? 'version' : 'symbol';
      tokens.push({ kind, text: tokenText, doc, line });
      doc = [];
    }
    line += match[0].split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: 'the end of the file', doc, line });
  return tokens;
}
