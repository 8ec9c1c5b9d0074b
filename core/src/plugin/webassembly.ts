/** The part of the WebAssembly JavaScript interface that is used here; it belongs to no library that is compiled against. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}
export interface WasmImport {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
}
export type WasmImports = Readonly<
  Record<string, Readonly<Record<string, (...args: number[]) => number | undefined>>>
>;

interface Api {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): readonly WasmImport[];
    exports(module: WasmModule): readonly { readonly name: string; readonly kind: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const wasm = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
