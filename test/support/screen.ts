export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * As much of a terminal as programs use that redraw lines: it wraps, scrolls, moves up no further than its first row, and forgets
 * nothing that has scrolled away. Text is given as the program wrote it, or as a pseudoterminal passed it on.
 */
export class Screen {
  readonly #size: ScreenSize;
  readonly #rows: string[][] = [[]];
  /** Index in `#rows` of the screen's first row. */
  #top = 0;
  #row = 0;
  #column = 0;

  constructor(size: ScreenSize) {
    this.#size = size;
  }

  /** Everything there is, what has scrolled away too, without blanks at line ends and empty lines at the end. */
  get lines(): string[] {
    const lines = this.#rows.map((row) =>
      Array.from(row, (cell = ' ') => cell)
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** What can be seen. */
  get visible(): string[] {
    return this.lines.slice(this.#top);
  }

  /** @throws Error for a control sequence that it doesn't know */
  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by them
    for (const [token] of text.matchAll(/\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[\s\S]/gu)) this.#take(token);
  }

  #take(token: string): void {
    if (token === '\n') this.#down();
    else if (token === '\r') this.#column = 0;
    else if (token.startsWith('\x1b')) this.#control(token);
    else this.#print(token);
    // The line discipline makes both of a newline.
    if (token === '\n') this.#column = 0;
  }

  #print(character: string): void {
    if (this.#column === this.#size.columns) {
      this.#down();
      this.#column = 0;
    }
    this.#current[this.#column] = character;
    this.#column += 1;
  }

  #control(sequence: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by them
    const [, number = '', command = ''] = /^\x1b\[(\d*)([AKJ])$/.exec(sequence) ?? [];
    if (command === 'A') this.#row = Math.max(this.#top, this.#row - Number(number || 1));
    else if (command === 'K' && number === '')
      this.#current.length = Math.min(this.#current.length, this.#column);
    else if (command === 'J' && number === '') {
      this.#current.length = Math.min(this.#current.length, this.#column);
      for (const row of this.#rows.slice(this.#row + 1)) row.length = 0;
    } else throw new Error(`The screen knows no ${JSON.stringify(sequence)}.`);
  }

  #down(): void {
    this.#row += 1;
    this.#rows[this.#row] ??= [];
    this.#top = Math.max(this.#top, this.#row - this.#size.rows + 1);
  }

  get #current(): string[] {
    const row = this.#rows[this.#row] ?? [];
    this.#rows[this.#row] = row;
    return row;
  }
}
