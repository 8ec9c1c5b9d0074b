import { type BoardSize, boardLines, finalLines, frame } from './board.ts';
import { type Layers, type Step, withStep } from './layers.ts';

const REDRAW_MS = 80;

export interface BoardOutput {
  readonly write: (text: string) => void;
  readonly now: () => number;
}

/** A board of layers on a terminal, drawn anew when something has changed, and not more often than an eye can follow. */
export class Board {
  readonly #output: BoardOutput;
  readonly #size: () => BoardSize;
  #layers: Layers = new Map();
  #shown: readonly string[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: BoardOutput, size: () => BoardSize) {
    this.#output = output;
    this.#size = size;
  }

  show(step: Step): void {
    const { now } = this.#output;
    this.#layers = withStep(this.#layers, step, now());
    const wait = this.#drawnAt + REDRAW_MS - now();
    if (wait <= 0) this.#draw();
    else this.#timer ??= setTimeout(() => this.#draw(), wait);
  }

  /** Lines that stay, below what was shown so far. */
  say(lines: readonly string[]): void {
    this.end();
    this.#output.write(`${lines.join('\n')}\n`);
  }

  /** Leaves every layer's last state on the screen. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#layers.size > 0) {
      const { columns } = this.#size();
      this.#output.write(frame(this.#shown, finalLines(this.#layers, columns), columns));
    }
    this.#layers = new Map();
    this.#shown = [];
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = this.#output.now();
    const size = this.#size();
    const lines = boardLines(this.#layers, size);
    this.#output.write(frame(this.#shown, lines, size.columns));
    this.#shown = lines;
  }
}
