import type { Framing, KeyValue, Location, PortMapping, Sink, Step } from '../plugin/contract.ts';
import type { Grants } from './grants.ts';
import { checkOperation, type Sharing } from './operations.ts';
import { type Asker, demand, planRefused, Refusal } from './refusal.ts';
import { checkLogFile, checkSink } from './sink.ts';

const MAX_STEPS = 4096;

/**
 * A plan that passed the gate. Only `checkPlan` makes one, and only one of these can be carried out or encoded.
 */
export class CheckedPlan {
  readonly asker: Asker;
  readonly steps: readonly Step[];
  readonly sink: Sink | undefined;

  private constructor(asker: Asker, steps: readonly Step[], sink: Sink | undefined) {
    this.asker = asker;
    this.steps = steps;
    this.sink = sink;
  }

  static readonly #issued = new WeakSet<CheckedPlan>();

  /** Whether `plan` came from the gate, whatever its type claims. */
  static isIssued(plan: CheckedPlan): boolean {
    return CheckedPlan.#issued.has(plan);
  }

  /** The gate. See {@link checkPlan}. */
  static check({ asker, steps, sink, grants, sharing, ports, framings }: PlanToCheck): CheckedPlan {
    const context = { kind: asker.kind, grants, sharing: sharing ?? 'own', ports } as const;
    const place = (index: number, what: string): string => `operation ${index + 1} (${what})`;
    const guard = (where: string, check: () => void): void => {
      try {
        check();
      } catch (error) {
        if (error instanceof Refusal) throw planRefused(asker, where, error.message);
        throw error;
      }
    };
    guard('the plan', () =>
      demand(sharing !== 'host' || grants.hostNetwork, "the host's network was not granted to it"),
    );
    guard('the plan', () => demand(steps.length <= MAX_STEPS, `it has more than ${MAX_STEPS} operations`));
    for (const [index, step] of steps.entries()) {
      guard(place(index, step.do.tag), () => checkOperation(step.do, context));
      const { undo } = step;
      if (undo === undefined) continue;
      guard(place(index, `undo ${undo.tag}`), () => checkOperation(undo, context));
    }
    if (sink !== undefined) {
      guard('the sink', () => {
        demand(asker.kind === 'log', `a ${asker.kind} driver has no sink`);
        checkSink(sink, grants, framings ?? []);
      });
    }
    const plan = new CheckedPlan(asker, structuredClone(steps), structuredClone(sink));
    deepFreeze(plan);
    CheckedPlan.#issued.add(plan);
    return plan;
  }
}

export interface PlanToCheck {
  readonly asker: Asker;
  readonly steps: readonly Step[];
  readonly sink?: Sink;
  readonly grants: Grants;
  /** For network drivers; `own` when absent. */
  readonly sharing?: Sharing;
  /** For network drivers: ports of the host that the user published, and that a plan may listen on. */
  readonly ports?: readonly PortMapping[];
  /** Framings that the launcher writes, when there is a sink. */
  readonly framings?: readonly Framing[];
}

/**
 * The gate: checks every operation of a plan, the undo operations too, against what a driver of this kind may do and what
 * this one was granted. Nothing reaches the launcher past it.
 * @throws WherryError `E_PLAN_REFUSED` that names the driver, the operation and the reason.
 */
export function checkPlan(plan: PlanToCheck): CheckedPlan {
  return CheckedPlan.check(plan);
}

/** @throws Error when a plan did not come from the gate: a defect, never a user's doing. */
export function requireChecked(plan: CheckedPlan): void {
  if (!CheckedPlan.isIssued(plan)) throw new Error('a plan was to be carried out that was never checked');
}

/**
 * Checks the files in which a log driver says a log is to be read.
 * @throws WherryError `E_PLAN_REFUSED`
 */
export function checkLogFiles(asker: Asker, files: readonly Location[], grants: Grants): readonly Location[] {
  for (const location of files) {
    try {
      checkLogFile(location, grants);
    } catch (error) {
      if (error instanceof Refusal) throw planRefused(asker, 'a log file', error.message);
      throw error;
    }
  }
  return files;
}

/** Names as systemd.journal-fields(7) has them. */
const JOURNAL_FIELD = /^[A-Z_][A-Z0-9_]{0,63}$/;

/**
 * Checks the fields by which a log driver has the journal searched: without one, it would be the whole journal.
 * @throws WherryError `E_PLAN_REFUSED`
 */
export function checkJournalFields(asker: Asker, fields: readonly KeyValue[]): readonly KeyValue[] {
  const refuse = (reason: string): Error => planRefused(asker, 'the search in the journal', reason);
  if (fields.length === 0) throw refuse('it names no field');
  for (const { key, value } of fields) {
    if (!JOURNAL_FIELD.test(key)) throw refuse(`${JSON.stringify(key)} is no name of a field`);
    if (value.includes('\0')) throw refuse(`the value of ${key} has a NUL byte`);
  }
  return fields;
}

function deepFreeze(value: unknown): void {
  // Bytes can't be frozen, and are a copy of the driver's by now.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
