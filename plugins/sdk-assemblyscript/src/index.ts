export { CompileError, type CompileOptions, compileCore, componentOf } from './build/compile.ts';
export { emitContract } from './emit/contract.ts';
export { emitNativeHost } from './emit/guest-host.ts';
export { type Dialect, emitGuestTypes } from './emit/guest-types.ts';
export type { Func, Interface, Type, WitPackage, World } from './wit/model.ts';
export { readWit, witSource } from './wit/read.ts';
