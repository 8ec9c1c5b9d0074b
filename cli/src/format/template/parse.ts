import type { Command, Node, Operand, Pipe } from './ast.ts';
import { templateError } from './error.ts';
import { lex, type Token } from './lex.ts';

/** @throws WherryError `E_TEMPLATE` */
export function parseTemplate(template: string): readonly Node[] {
  const parser = new Parser(lex(template));
  const { nodes, end } = parser.list();
  if (end !== 'eof') throw templateError(`unexpected {{${end}}}`);
  return nodes;
}

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: null };

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Nodes up to the `{{end}}` or `{{else …}}` that isn't theirs, or to the end. */
  list(): { readonly nodes: Node[]; readonly end: 'eof' | 'end' | 'else' } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#next();
      if (token === undefined) return { nodes, end: 'eof' };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      this.#skipSpace();
      const word = this.#peek();
      const keyword = word?.kind === 'word' ? word.text : '';
      switch (keyword) {
        case 'end':
          this.#position += 1;
          this.#close();
          return { nodes, end: 'end' };
        case 'else':
          this.#position += 1;
          return { nodes, end: 'else' };
        case 'if':
        case 'with':
        case 'range':
          this.#position += 1;
          nodes.push(this.#control(keyword));
          break;
        case 'break':
        case 'continue':
          this.#position += 1;
          this.#close();
          nodes.push({ kind: keyword });
          break;
        default:
          nodes.push({ kind: 'print', pipe: this.#pipe('close') });
      }
    }
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const pipe = this.#pipe('close');
    const body = this.list();
    if (body.end === 'eof') throw templateError('unexpected EOF');
    if (body.end === 'end') return { kind, pipe, body: body.nodes, otherwise: [] };
    this.#skipSpace();
    const next = this.#peek();
    // `{{else if x}}` is `{{else}}{{if x}}…{{end}}` with one end for both.
    if (next?.kind === 'word' && (next.text === 'if' || next.text === 'with') && kind !== 'range') {
      this.#position += 1;
      return { kind, pipe, body: body.nodes, otherwise: [this.#control(next.text)] };
    }
    this.#close();
    const otherwise = this.list();
    if (otherwise.end !== 'end')
      throw templateError(`unexpected ${otherwise.end === 'eof' ? 'EOF' : '{{else}}'}`);
    return { kind, pipe, body: body.nodes, otherwise: otherwise.nodes };
  }

  #pipe(until: 'close' | 'right'): Pipe {
    const { declare, assign } = this.#declarations();
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(until));
      const token = this.#next();
      if (token?.kind === 'pipe') continue;
      if (token?.kind === until) return { declare, assign, commands };
      throw templateError(token === undefined ? 'unclosed action' : 'unexpected token in command');
    }
  }

  #declarations(): { readonly declare: string[]; readonly assign: boolean } {
    const start = this.#position;
    const declare: string[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#next();
      if (token?.kind !== 'variable') break;
      declare.push(token.text);
      this.#skipSpace();
      const after = this.#next();
      if (after?.kind === 'comma') continue;
      if (after?.kind === 'declare' || after?.kind === 'assign')
        return { declare, assign: after.kind === 'assign' };
      break;
    }
    this.#position = start;
    return { declare: [], assign: false };
  }

  #command(until: 'close' | 'right'): Command {
    const operands: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token === undefined || token.kind === 'pipe' || token.kind === until) break;
      operands.push(this.#operand());
    }
    const [first, ...rest] = operands;
    if (first === undefined) throw templateError('missing value for command');
    return [first, ...rest];
  }

  #operand(): Operand {
    const token = this.#next();
    switch (token?.kind) {
      case 'literal':
        return { kind: 'literal', value: token.value };
      case 'word':
        if (Object.hasOwn(LITERALS, token.text)) return { kind: 'literal', value: LITERALS[token.text] };
        return { kind: 'function', name: token.text };
      case 'dot':
        return { kind: 'dot' };
      case 'field':
        return this.#fields({ kind: 'dot' }, [token.text]);
      case 'variable':
        return this.#fields({ kind: 'variable', name: token.text }, []);
      case 'left':
        return this.#fields({ kind: 'pipe', pipe: this.#pipe('right') }, []);
      default:
        throw templateError('unexpected token in operand');
    }
  }

  /** The fields that follow without a space: `.A.B`, `$x.A`, `(…).A`. */
  #fields(base: Operand, names: string[]): Operand {
    for (let token = this.#peek(); token?.kind === 'field'; token = this.#peek()) {
      names.push(token.text);
      this.#position += 1;
    }
    return names.length === 0 ? base : { kind: 'field', base, names };
  }

  #close(): void {
    this.#skipSpace();
    if (this.#next()?.kind !== 'close') throw templateError('unexpected words after a keyword');
  }

  #skipSpace(): void {
    while (this.#peek()?.kind === 'space') this.#position += 1;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #next(): Token | undefined {
    return this.#tokens[this.#position++];
  }
}
