import { ALL_BITS, type Decision, type Graph, WORD } from './graph.ts';

/** Numbers `from` up to the next range's `from` share a decision. The first begins at 0; neighbours differ. */
export interface NumberRange {
  readonly from: number;
  readonly decision: Decision;
}

/**
 * Makes ranges over all 32-bit numbers.
 *
 * @param spans The background, ascending, the first from 0.
 * @param calls What single numbers have instead.
 */
export function numberRanges(
  spans: readonly NumberRange[],
  calls: ReadonlyMap<number, Decision>,
): NumberRange[] {
  const starts = new Set(spans.map((span) => span.from));
  for (const number of calls.keys()) starts.add(number).add(number + 1);
  const ranges: NumberRange[] = [];
  let background = 0;
  for (const from of [...starts].sort((a, b) => a - b)) {
    if (from > ALL_BITS) break;
    while ((spans[background + 1]?.from ?? Number.POSITIVE_INFINITY) <= from) background++;
    const decision = calls.get(from) ?? spans[background]?.decision;
    if (decision !== undefined && decision !== ranges.at(-1)?.decision) ranges.push({ from, decision });
  }
  return ranges;
}

/** A decision and the single numbers within its range that have another one. */
interface Leaf {
  readonly from: number;
  readonly decision: Decision;
  readonly except: readonly { readonly number: number; readonly decision: Decision }[];
}

/** So many single numbers are tried one after the other: no deeper than the tree they save a test in. */
const MAX_EXCEPTIONS = 4;

/**
 * A binary search tree over ranges of system call numbers: as few tests as ranges, about log2 of them on a way.
 * A single number between two ranges with the same decision costs one test, not two.
 */
export function searchTree(graph: Graph, ranges: readonly NumberRange[]): Decision {
  const leaves = toLeaves(ranges);
  const build = (low: number, high: number): Decision => {
    const only = leaves[low];
    if (only === undefined) throw new RangeError('no numbers to search');
    if (high - low === 1) {
      return only.except.reduceRight<Decision>(
        (no, { number, decision }) =>
          graph.test({ word: WORD.nr, mask: ALL_BITS, op: 'eq', k: number, yes: decision, no }),
        only.decision,
      );
    }
    const middle = (low + high) >> 1;
    const k = leaves[middle]?.from ?? 0;
    return graph.test({
      word: WORD.nr,
      mask: ALL_BITS,
      op: 'ge',
      k,
      yes: build(middle, high),
      no: build(low, middle),
    });
  };
  return build(0, leaves.length);
}

function toLeaves(ranges: readonly NumberRange[]): Leaf[] {
  const leaves: Leaf[] = [];
  let index = 0;
  for (let range = ranges[index]; range !== undefined; range = ranges[index]) {
    const except: { number: number; decision: Decision }[] = [];
    for (;;) {
      const single = ranges[index + 1];
      const after = ranges[index + 2];
      const fits =
        single !== undefined && after?.from === single.from + 1 && after.decision === range.decision;
      if (!fits || except.length === MAX_EXCEPTIONS) break;
      except.push({ number: single.from, decision: single.decision });
      index += 2;
    }
    leaves.push({ from: range.from, decision: range.decision, except });
    index++;
  }
  return leaves;
}
