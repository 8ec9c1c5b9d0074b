import { type Token, WitError } from './lexer.ts';

/** Walks over the tokens of one file. */
export class Cursor {
  readonly source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[], source: string) {
    this.#tokens = tokens;
    this.source = source;
  }

  /** The next token, which stays the next. */
  get peek(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)];
    if (token === undefined) throw new WitError('the file is empty', this.source, 1);
    return token;
  }

  next(): Token {
    const token = this.peek;
    this.#at += 1;
    return token;
  }

  fail(message: string): never {
    throw new WitError(message, this.source, this.peek.line);
  }

  /** Takes the symbol or word when it is the next one. */
  accept(text: string): boolean {
    if (this.peek.kind === 'end' || this.peek.text !== text) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text))
      this.fail(`expected ${JSON.stringify(text)}, found ${JSON.stringify(this.peek.text)}`);
  }

  /** A name of the source's own; `%` in front of one that is a keyword is taken off. */
  identifier(): string {
    if (this.peek.kind !== 'word') this.fail(`expected a name, found ${JSON.stringify(this.peek.text)}`);
    return this.next().text.replace(/^%/, '');
  }

  /** Items up to `close`, with a comma between them and perhaps after the last. */
  commaSeparated<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.accept(close)) {
      items.push(item());
      if (!this.accept(',') && this.peek.text !== close)
        this.fail(`expected "," or ${JSON.stringify(close)}`);
    }
    return items;
  }
}
