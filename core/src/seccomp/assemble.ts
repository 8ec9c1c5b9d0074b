import { WherryError } from '../errors/error.ts';
import { ALL_BITS, type Decision, type Test, type TestOperator } from './graph.ts';

/** BPF_MAXINSNS of linux/bpf_common.h. */
export const MAX_INSTRUCTIONS = 4096;

const LD_W_ABS = 0x20;
const AND_K = 0x54;
const JA = 0x05;
const RET_K = 0x06;
const JUMP: Readonly<Record<TestOperator, number>> = { eq: 0x15, gt: 0x25, ge: 0x35, set: 0x45 };

/** Conditional jumps have 8 bits for each of their ways. */
const FAR = 255;

interface Instruction {
  readonly code: number;
  readonly yes: number;
  readonly no: number;
  readonly k: number;
}

/**
 * Lays a graph out as classic BPF: an array of struct sock_filter (linux/filter.h), little-endian, 8 bytes each.
 *
 * It is written from its end. All jumps go forward, so every target has its place already, and one that is out of a
 * conditional jump's reach gets a stepping stone at once: a copy of a return, else an unconditional jump.
 *
 * @throws WherryError `E_SECCOMP_TOO_LONG` past the kernel's 4096 instructions.
 */
export function assemble(root: Decision): Uint8Array {
  const order = childrenFirst(root);
  const reload = loadsNeeded(root, order);
  const backwards: Instruction[] = [];
  const places = new Map<Decision, number>();

  const emit = (instruction: Instruction): number => backwards.push(instruction) - 1;
  const reach = (target: Decision, from: number): void => {
    const place = places.get(target);
    if (place !== undefined && from - place - 1 <= FAR) return;
    if (target.kind === 'return') places.set(target, emit({ code: RET_K, yes: 0, no: 0, k: target.value }));
    else if (place !== undefined) {
      places.set(target, emit({ code: JA, yes: 0, no: 0, k: backwards.length - place - 1 }));
    }
  };

  for (const node of order) {
    if (node.kind === 'return') continue;
    // Two stepping stones at most can come between, so look that much further ahead.
    reach(node.no, backwards.length + 2);
    reach(node.yes, backwards.length + 2);
    const at = backwards.length;
    const offset = (target: Decision): number => at - (places.get(target) ?? at) - 1;
    emit({ code: JUMP[node.op], yes: offset(node.yes), no: offset(node.no), k: node.k });
    if (node.mask !== ALL_BITS) emit({ code: AND_K, yes: 0, no: 0, k: node.mask });
    if (reload.has(node)) emit({ code: LD_W_ABS, yes: 0, no: 0, k: node.word });
    places.set(node, backwards.length - 1);
  }
  if (root.kind === 'return') emit({ code: RET_K, yes: 0, no: 0, k: root.value });
  if (backwards.length > MAX_INSTRUCTIONS) throw tooLong(backwards.length);
  return encode(backwards);
}

/** Every node after all it leads to. */
function childrenFirst(root: Decision): Decision[] {
  const order: Decision[] = [];
  const seen = new Set<Decision>();
  const visit = (node: Decision): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'test') {
      visit(node.yes);
      visit(node.no);
    }
    order.push(node);
  };
  visit(root);
  return order;
}

/** The tests that can't rely on the accumulator: some way to them leaves another word in it, or a masked one. */
function loadsNeeded(root: Decision, order: readonly Decision[]): Set<Test> {
  const needed = new Set<Test>();
  if (root.kind === 'test') needed.add(root);
  for (const node of order) {
    if (node.kind === 'return') continue;
    for (const next of [node.yes, node.no]) {
      if (next.kind === 'test' && (next.word !== node.word || node.mask !== ALL_BITS)) needed.add(next);
    }
  }
  return needed;
}

function encode(backwards: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(backwards.length * 8);
  const view = new DataView(bytes.buffer);
  backwards.forEach(({ code, yes, no, k }, index) => {
    const at = (backwards.length - 1 - index) * 8;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, yes);
    view.setUint8(at + 3, no);
    view.setUint32(at + 4, k, true);
  });
  return bytes;
}

function tooLong(length: number): WherryError {
  return new WherryError(
    `The seccomp profile is too long: it makes ${length} instructions, and the kernel takes ${MAX_INSTRUCTIONS}.`,
    { code: 'E_SECCOMP_TOO_LONG', hint: 'Use fewer rules with argument comparisons.' },
  );
}
