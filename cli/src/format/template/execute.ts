import type { Command, Node, Operand, Pipe } from './ast.ts';
import { templateError } from './error.ts';
import { FUNCTIONS, isTrue } from './functions.ts';
import { goPrint } from './print.ts';
import { isMap, leftOut, typed } from './typed-nil.ts';

/** Thrown by `{{break}}` and `{{continue}}`, caught by the `range` around them. */
class Jump extends Error {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    super(kind);
    this.kind = kind;
  }
}

/**
 * Runs a template over `data`. A function among an object's properties is a method and may take arguments. A name that an
 * object doesn't have is an error; one that a map with anybody's keys lacks prints `<no value>`.
 */
export function execute(nodes: readonly Node[], data: unknown): string {
  const run = new Run(data);
  try {
    run.list(nodes, data);
  } catch (error) {
    if (error instanceof Jump) throw templateError(`{{${error.kind}}} outside {{range}}`);
    throw error;
  }
  return run.output;
}

const ROW = Symbol('row');

/** Marks an object as one with fixed fields, as Go's structs have. */
export function row<T extends object>(fields: T): T {
  return Object.defineProperty(fields, ROW, { value: true });
}

class Run {
  output = '';
  readonly #variables: { name: string; value: unknown }[];

  constructor(data: unknown) {
    this.#variables = [{ name: '', value: data }];
  }

  list(nodes: readonly Node[], dot: unknown): void {
    for (const node of nodes) this.#node(node, dot);
  }

  #node(node: Node, dot: unknown): void {
    switch (node.kind) {
      case 'text':
        this.output += node.text;
        return;
      case 'print': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.declare.length === 0) this.output += goPrint(value);
        return;
      }
      case 'break':
      case 'continue':
        throw new Jump(node.kind);
      case 'range':
        this.#scope(() => this.#range(node, dot));
        return;
      default:
        this.#scope(() => {
          const value = this.#pipe(node.pipe, dot);
          if (isTrue(value)) this.list(node.body, node.kind === 'with' ? value : dot);
          else this.list(node.otherwise, dot);
        });
    }
  }

  #range(node: Extract<Node, { kind: 'range' }>, dot: unknown): void {
    const value = this.#pipe({ ...node.pipe, declare: [] }, dot);
    const entries = entriesOf(value);
    if (entries.length === 0) {
      this.list(node.otherwise, dot);
      return;
    }
    for (const [key, each] of entries) {
      try {
        this.#scope(() => {
          const [first, second] = node.pipe.declare;
          if (second !== undefined && first !== undefined) {
            this.#variables.push({ name: first, value: key }, { name: second, value: each });
          } else if (first !== undefined) this.#variables.push({ name: first, value: each });
          this.list(node.body, each);
        });
      } catch (error) {
        if (!(error instanceof Jump)) throw error;
        if (error.kind === 'break') return;
      }
    }
  }

  #scope(work: () => void): void {
    const depth = this.#variables.length;
    try {
      work();
    } finally {
      this.#variables.length = depth;
    }
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    pipe.commands.forEach((command, index) => {
      value = this.#command(command, dot, index === 0 ? [] : [value]);
    });
    const [name] = pipe.declare;
    if (name === undefined) return value;
    if (pipe.assign) {
      const variable = this.#variables.findLast((each) => each.name === name);
      if (variable === undefined) throw templateError(`undefined variable "$${name}"`);
      variable.value = value;
    } else this.#variables.push({ name, value });
    return value;
  }

  /** `piped` is the value of the command before, which comes as the last argument. */
  #command([head, ...rest]: Command, dot: unknown, piped: readonly unknown[]): unknown {
    if (head.kind === 'function') {
      if (head.name === 'and' || head.name === 'or') return this.#shortCut(head.name, rest, dot, piped);
      const called = Object.hasOwn(FUNCTIONS, head.name) ? FUNCTIONS[head.name] : undefined;
      if (called === undefined) throw templateError(`function "${head.name}" not defined`);
      return called(...rest.map((each) => this.#value(each, dot)), ...piped);
    }
    const values = [...rest.map((each) => this.#value(each, dot)), ...piped];
    if (head.kind === 'field') return this.#field(head, dot, values);
    if (values.length > 0)
      throw templateError(`can't give argument to non-function ${goPrint(this.#value(head, dot))}`);
    return this.#value(head, dot);
  }

  #shortCut(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    let value: unknown;
    for (const operand of operands) {
      value = this.#value(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #value(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'dot':
        return dot;
      case 'pipe':
        return this.#pipe(operand.pipe, dot);
      case 'variable': {
        const variable = this.#variables.findLast((each) => each.name === operand.name);
        if (variable === undefined) throw templateError(`undefined variable "$${operand.name}"`);
        return variable.value;
      }
      case 'field':
        return this.#field(operand, dot, []);
      case 'function':
        return this.#command([operand], dot, []);
    }
  }

  #field(
    { base, names }: Extract<Operand, { kind: 'field' }>,
    dot: unknown,
    args: readonly unknown[],
  ): unknown {
    return names.reduce(
      (value, name, index) => property(value, name, index === names.length - 1 ? args : []),
      this.#value(base, dot),
    );
  }
}

function property(value: unknown, name: string, args: readonly unknown[]): unknown {
  if (value === undefined) return undefined;
  if (value === null) throw templateError(`nil data; no entry for key "${name}"`);
  if (typeof value !== 'object') throw templateError(`can't evaluate field ${name} in type ${typeof value}`);
  if (!Object.hasOwn(value, name)) {
    if (Object.hasOwn(value, ROW)) throw templateError(`can't evaluate field ${name}`);
    if (isMap(value)) return undefined;
    const zero = leftOut(name);
    if (zero === undefined) throw templateError(`map has no entry for key ${JSON.stringify(name)}`);
    return zero;
  }
  const found: unknown = Reflect.get(value, name);
  if (typeof found === 'function') return Reflect.apply(found, value, args);
  if (args.length > 0) throw templateError(`${name} is not a method but has arguments`);
  return typed(name, found);
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'number') return Array.from({ length: value }, (_, index) => [index, index]);
  if (Array.isArray(value)) return value.map((each, index) => [index, each]);
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw templateError(`range can't iterate over ${goPrint(value)}`);
}
