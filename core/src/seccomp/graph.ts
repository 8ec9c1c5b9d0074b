/**
 * A filter before it is laid out: a graph of decisions over the words of struct seccomp_data, without cycles, in which
 * equal parts exist once. A word is named by its byte offset in the structure.
 */
export type Decision = Return | Test;

export interface Return {
  readonly kind: 'return';
  readonly id: number;
  readonly value: number;
}

export interface Test {
  readonly kind: 'test';
  readonly id: number;
  readonly word: number;
  /** ANDed with the word first; ALL_BITS for none. */
  readonly mask: number;
  /** Unsigned comparisons; `set`: any bit of `k` is set. */
  readonly op: TestOperator;
  readonly k: number;
  readonly yes: Decision;
  readonly no: Decision;
}

export type TestOperator = 'eq' | 'gt' | 'ge' | 'set';

export const ALL_BITS = 0xffffffff;

export const WORD = {
  nr: 0,
  arch: 4,
  /** Low and high halves of an argument, on the little-endian machines Wherry runs on. */
  low: (index: number): number => 16 + 8 * index,
  high: (index: number): number => 20 + 8 * index,
} as const;

export class Graph {
  readonly #nodes = new Map<string, Decision>();

  return(value: number): Decision {
    return this.#intern(`r${value}`, (id) => ({ kind: 'return', id, value }));
  }

  test(test: Omit<Test, 'kind' | 'id'>): Decision {
    if (test.yes === test.no) return test.yes;
    const key = `${test.word},${test.mask},${test.op},${test.k},${test.yes.id},${test.no.id}`;
    return this.#intern(key, (id) => ({ kind: 'test', id, ...test }));
  }

  #intern(key: string, make: (id: number) => Decision): Decision {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = make(this.#nodes.size);
    this.#nodes.set(key, node);
    return node;
  }
}
