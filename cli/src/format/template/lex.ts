import { templateError } from './error.ts';

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind:
        | 'open'
        | 'close'
        | 'pipe'
        | 'left'
        | 'right'
        | 'comma'
        | 'declare'
        | 'assign'
        | 'space'
        | 'dot';
    }
  | { readonly kind: 'field' | 'variable' | 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: unknown };

const PUNCTUATION = {
  '|': 'pipe',
  '(': 'left',
  ')': 'right',
  ',': 'comma',
  '=': 'assign',
} as const;

/** Splits a template into text and the tokens of its `{{…}}` actions, with `{{-` and `-}}` trimming as text/template does. */
export function lex(template: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let trim = false;
  while (position < template.length) {
    const open = template.indexOf('{{', position);
    let text = template.slice(position, open === -1 ? undefined : open);
    if (trim) text = text.trimStart();
    if (open === -1) {
      tokens.push({ kind: 'text', text });
      break;
    }
    let start = open + 2;
    if (/^-\s/.test(template.slice(start, start + 2))) {
      text = text.trimEnd();
      start += 1;
    }
    if (text !== '') tokens.push({ kind: 'text', text });
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*?(\s-)?\}\}/.exec(template.slice(start));
    if (comment !== null) {
      position = start + comment[0].length;
      trim = comment[1] !== undefined;
      continue;
    }
    tokens.push({ kind: 'open' });
    const action = lexAction(template, start, tokens);
    tokens.push({ kind: 'close' });
    position = action.end;
    trim = action.trim;
  }
  return tokens;
}

function lexAction(
  template: string,
  start: number,
  tokens: Token[],
): { readonly end: number; readonly trim: boolean } {
  let position = start;
  for (;;) {
    const rest = template.slice(position);
    if (rest === '') throw templateError('unclosed action');
    const closing = /^(\s-)?\}\}/.exec(rest);
    if (closing !== null) return { end: position + closing[0].length, trim: closing[1] !== undefined };
    position += lexToken(rest, tokens);
  }
}

/** Pushes the first token of `rest`; answers with its length. */
function lexToken(rest: string, tokens: Token[]): number {
  const first = rest.charAt(0);
  const space = /^\s+?(?=\s-\}\}|\S|$)/.exec(rest);
  if (space !== null) {
    tokens.push({ kind: 'space' });
    return space[0].length;
  }
  if (rest.startsWith(':=')) {
    tokens.push({ kind: 'declare' });
    return 2;
  }
  const punctuation = PUNCTUATION[first as keyof typeof PUNCTUATION];
  if (punctuation !== undefined) {
    tokens.push({ kind: punctuation });
    return 1;
  }
  if (first === '"' || first === '`' || first === "'") return lexQuoted(rest, first, tokens);
  const number = /^[+-]?(0[xX][0-9a-fA-F]+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)/.exec(rest);
  if (number !== null) {
    tokens.push({ kind: 'literal', value: Number(number[0]) });
    return number[0].length;
  }
  const name = /^([.$]?)([\p{L}_][\p{L}\p{N}_]*)?/u.exec(rest);
  const [all = '', sigil = '', text = ''] = name ?? [];
  if (sigil === '$') tokens.push({ kind: 'variable', text });
  else if (sigil === '.') tokens.push(text === '' ? { kind: 'dot' } : { kind: 'field', text });
  else if (text !== '') tokens.push({ kind: 'word', text });
  else throw templateError(`unexpected ${JSON.stringify(first)} in command`);
  return all.length;
}

function lexQuoted(rest: string, quote: string, tokens: Token[]): number {
  const pattern =
    quote === '`' ? /^`[^`]*`/ : quote === '"' ? /^"(?:[^"\\\n]|\\.)*"/ : /^'(?:[^'\\\n]|\\.)+'/;
  const text = pattern.exec(rest)?.[0];
  if (text === undefined)
    throw templateError(quote === '`' ? 'unterminated raw quoted string' : 'unterminated quoted string');
  const inner = text.slice(1, -1);
  const value = quote === '`' ? inner : unescapeGo(inner);
  // A character constant is its code point, as in Go.
  tokens.push({ kind: 'literal', value: quote === "'" ? (value.codePointAt(0) ?? 0) : value });
  return text.length;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescapeGo(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}|.)/g, (_, code: string) => {
    if (/^[xu]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}
