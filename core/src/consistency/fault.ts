/** Where something is wrong. `leftover` is what a killed command left behind: of no harm, and collected in time. */
export type FaultKind = 'database' | 'blob' | 'image' | 'layer' | 'container' | 'volume' | 'leftover';

/** Something of the state that isn't as it should be. */
export interface Fault {
  readonly kind: FaultKind;
  /** The digest, id, name or path that it is about; with the kind and the message it tells faults apart. */
  readonly subject: string;
  /** One sentence. */
  readonly message: string;
  /** Puts it right, as far as that goes. Absent where nothing can be done. @returns a sentence on what was done and what is lost */
  readonly mend?: () => Promise<string>;
}

/** Faults of one part of the state, and how many things were looked at. */
export interface Findings {
  readonly count: number;
  readonly faults: readonly Fault[];
}

export function sameFault(a: Fault, b: Fault): boolean {
  return a.kind === b.kind && a.subject === b.subject && a.message === b.message;
}
