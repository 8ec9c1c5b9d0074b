export type * from './api.ts';
export { Engine } from './engine.ts';
export { EXIT, WherryError, type WherryErrorOptions } from './errors/error.ts';
