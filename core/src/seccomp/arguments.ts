import { ALL_BITS, type Decision, type Graph, type TestOperator, WORD } from './graph.ts';
import type { CallArg, CallRule } from './select.ts';

/** What the tests on the way so far have shown of a word: its value, or values it hasn't. */
interface Fact {
  readonly equal?: number;
  readonly not: readonly number[];
}
type Facts = ReadonlyMap<number, Fact>;
type Next = (facts: Facts) => Decision;

/** Enough for any sensible profile; past it the facts are given up, and with them the chance of blowing up. */
const STEP_LIMIT = 5000;

/**
 * The decision of one system call: the first rule whose arguments all match, else `otherwise`.
 *
 * @param wide Whether arguments are 64 bits; else the low words of argument and value are compared.
 */
export function decideCall(
  graph: Graph,
  rules: readonly CallRule[],
  wide: boolean,
  otherwise: Decision,
): Decision {
  const [first] = rules;
  if (first?.args.length === 0) return graph.return(first.value);
  return new CallBuilder(graph, rules, wide, otherwise).build();
}

class CallBuilder {
  readonly #graph: Graph;
  readonly #rules: readonly CallRule[];
  readonly #wide: boolean;
  readonly #otherwise: Decision;
  readonly #memo = new Map<string, Decision>();
  #steps = 0;

  constructor(graph: Graph, rules: readonly CallRule[], wide: boolean, otherwise: Decision) {
    this.#graph = graph;
    this.#rules = rules;
    this.#wide = wide;
    this.#otherwise = otherwise;
  }

  build(): Decision {
    return this.#rule(0, 0, new Map());
  }

  /** From argument `at` of rule `index` on, all before it having matched. */
  #rule(index: number, at: number, facts: Facts): Decision {
    const rule = this.#rules[index];
    if (rule === undefined) return this.#otherwise;
    const arg = rule.args[at];
    if (arg === undefined) return this.#graph.return(rule.value);
    const known: Facts = this.#steps++ < STEP_LIMIT ? facts : new Map();
    const key = `${index}.${at}:${[...known].map(([word, fact]) => `${word}=${fact.equal ?? ''}!${fact.not}`).join()}`;
    const made = this.#memo.get(key);
    if (made !== undefined) return made;
    const node = this.#compare(
      arg,
      known,
      (f) => this.#rule(index, at + 1, f),
      (f) => this.#rule(index + 1, 0, f),
    );
    this.#memo.set(key, node);
    return node;
  }

  #compare(arg: CallArg, facts: Facts, yes: Next, no: Next): Decision {
    switch (arg.op) {
      case 'SCMP_CMP_EQ':
        return this.#masked(arg.index, MAX, arg.value, facts, yes, no);
      case 'SCMP_CMP_NE':
        return this.#masked(arg.index, MAX, arg.value, facts, no, yes);
      case 'SCMP_CMP_MASKED_EQ':
        return this.#masked(arg.index, arg.value, arg.valueTwo, facts, yes, no);
      case 'MASKED_NE':
        return this.#masked(arg.index, arg.value, arg.valueTwo, facts, no, yes);
      case 'SCMP_CMP_GT':
        return this.#order('gt', arg, facts, yes, no);
      case 'SCMP_CMP_GE':
        return this.#order('ge', arg, facts, yes, no);
      case 'SCMP_CMP_LE':
        return this.#order('gt', arg, facts, no, yes);
      case 'SCMP_CMP_LT':
        return this.#order('ge', arg, facts, no, yes);
    }
  }

  #masked(index: number, mask: bigint, datum: bigint, facts: Facts, yes: Next, no: Next): Decision {
    const low: Next = (f) => this.#maskedWord(WORD.low(index), lowHalf(mask), lowHalf(datum), f, yes, no);
    if (!this.#wide) return low(facts);
    return this.#maskedWord(WORD.high(index), highHalf(mask), highHalf(datum), facts, low, no);
  }

  #maskedWord(word: number, mask: number, datum: number, facts: Facts, yes: Next, no: Next): Decision {
    if ((datum & ~mask) !== 0) return no(facts);
    if (mask === 0) return yes(facts);
    if (mask === ALL_BITS) return this.#test(word, mask, 'eq', datum, facts, yes, no);
    if (datum === 0) return this.#test(word, ALL_BITS, 'set', mask, facts, no, yes);
    return this.#test(word, mask, 'eq', datum, facts, yes, no);
  }

  #order(op: 'gt' | 'ge', arg: CallArg, facts: Facts, yes: Next, no: Next): Decision {
    const low: Next = (f) => this.#test(WORD.low(arg.index), ALL_BITS, op, lowHalf(arg.value), f, yes, no);
    if (!this.#wide) return low(facts);
    const word = WORD.high(arg.index);
    const high = highHalf(arg.value);
    // Nothing is below 0, so one test is enough there, and it leaves the fact "high half is 0".
    if (high === 0) return this.#test(word, ALL_BITS, 'eq', 0, facts, low, yes);
    const equal: Next = (f) => this.#test(word, ALL_BITS, 'eq', high, f, low, no);
    return this.#test(word, ALL_BITS, 'gt', high, facts, yes, equal);
  }

  #test(
    word: number,
    mask: number,
    op: TestOperator,
    k: number,
    facts: Facts,
    yes: Next,
    no: Next,
  ): Decision {
    const fact = facts.get(word);
    const answer = fact === undefined ? undefined : known(fact, mask, op, k);
    if (answer !== undefined) return answer ? yes(facts) : no(facts);
    const plainEqual = op === 'eq' && mask === ALL_BITS;
    const ifYes = plainEqual ? new Map(facts).set(word, { equal: k, not: [] }) : facts;
    const ifNo = plainEqual ? new Map(facts).set(word, { not: [...(fact?.not ?? []), k] }) : facts;
    return this.#graph.test({ word, mask, op, k, yes: yes(ifYes), no: no(ifNo) });
  }
}

function known(fact: Fact, mask: number, op: TestOperator, k: number): boolean | undefined {
  if (fact.equal === undefined)
    return op === 'eq' && mask === ALL_BITS && fact.not.includes(k) ? false : undefined;
  const value = (fact.equal & mask) >>> 0;
  if (op === 'eq') return value === k;
  if (op === 'gt') return value > k;
  return op === 'ge' ? value >= k : (value & k) !== 0;
}

const MAX = (1n << 64n) - 1n;
const lowHalf = (value: bigint): number => Number(value & 0xffffffffn);
const highHalf = (value: bigint): number => Number(value >> 32n);
