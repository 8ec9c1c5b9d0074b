/** The shape of the contract's description, from which values are lifted out of and lowered into a driver's memory. */

interface Common {
  readonly name: string;
  /** Bytes in memory (component model, "Canonical ABI", Element Size). */
  readonly size: number;
  readonly align: number;
  /** How many 32-bit integers the value is passed as when it isn't passed in memory. */
  readonly flat: number;
}
export interface ScalarNode extends Common {
  readonly kind: 'bool' | 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'char';
}
export interface StringNode extends Common {
  readonly kind: 'string' | 'bytes';
}
export interface ListNode extends Common {
  readonly kind: 'list';
  readonly element: number;
}
export interface RecordNode extends Common {
  readonly kind: 'record';
  readonly fields: readonly { readonly name: string; readonly type: number; readonly offset: number }[];
}
export interface CasesNode extends Common {
  readonly kind: 'variant' | 'enum' | 'option' | 'result';
  /** Bytes of the discriminant. */
  readonly discriminant: number;
  /** Where the payload begins. */
  readonly offset: number;
  readonly cases: readonly { readonly name: string; readonly type?: number }[];
}
export type TypeNode = ScalarNode | StringNode | ListNode | RecordNode | CasesNode;

export interface FunctionSchema {
  /** As the WIT source writes it. */
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: number }[];
  readonly result?: number;
}
export interface InterfaceSchema {
  /** `wherry:driver/storage@0.1.0` */
  readonly id: string;
  readonly functions: Readonly<Record<string, FunctionSchema>>;
}
export interface ContractSchema {
  readonly package: string;
  readonly types: readonly TypeNode[];
  readonly interfaces: Readonly<Record<'host' | 'storage' | 'network' | 'log', InterfaceSchema>>;
}

/** Index into `types`; the generator writes no other. */
export function typeAt(schema: ContractSchema, index: number): TypeNode {
  const node = schema.types[index];
  if (node === undefined) throw new Error(`the contract has no type ${index}`);
  return node;
}
