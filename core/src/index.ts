export type * from './api.ts';
export { Engine } from './engine.ts';
export { EXIT, WherryError, type WherryErrorOptions } from './errors/error.ts';
export { parseMountFlag } from './volume/mount-flag.ts';
export { parseTmpfsFlag } from './volume/tmpfs.ts';
export { parseVolumeFlag, parseVolumesFrom } from './volume/volume-flag.ts';
