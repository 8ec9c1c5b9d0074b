/** What the parser reads from one file, names not looked up yet. */

export const PRIMITIVES = [
  'bool',
  'u8',
  's8',
  'u16',
  's16',
  'u32',
  's32',
  'u64',
  's64',
  'f32',
  'f64',
  'char',
  'string',
] as const;
export type PrimitiveName = (typeof PRIMITIVES)[number];

export type TypeSyntax =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'list' | 'option'; readonly element: TypeSyntax }
  | { readonly kind: 'tuple'; readonly elements: readonly TypeSyntax[] }
  | { readonly kind: 'result'; readonly ok?: TypeSyntax; readonly err?: TypeSyntax }
  | { readonly kind: 'name'; readonly name: string; readonly line: number };

interface Named {
  readonly name: string;
  readonly doc: readonly string[];
}
export interface MemberSyntax extends Named {
  readonly type?: TypeSyntax;
}
export type DefinitionSyntax = Named &
  (
    | { readonly kind: 'record' | 'variant' | 'enum'; readonly members: readonly MemberSyntax[] }
    | { readonly kind: 'alias'; readonly type: TypeSyntax }
  );
export interface FunctionSyntax extends Named {
  readonly params: readonly { readonly name: string; readonly type: TypeSyntax }[];
  readonly result?: TypeSyntax;
}
export interface UseSyntax {
  readonly from: string;
  readonly name: string;
  readonly as: string;
  readonly line: number;
}
export interface InterfaceSyntax extends Named {
  readonly uses: readonly UseSyntax[];
  readonly definitions: readonly DefinitionSyntax[];
  readonly functions: readonly FunctionSyntax[];
}
export interface WorldSyntax extends Named {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}
export interface FileSyntax {
  readonly source: string;
  readonly package: string;
  readonly interfaces: readonly InterfaceSyntax[];
  readonly worlds: readonly WorldSyntax[];
}
