import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WherryError } from '../errors/error.ts';
import type { DriverInfo } from './contract.ts';
import type { StringEncoding } from './memory.ts';

/** `manifest.json` of a built driver. */
export interface DriverManifest {
  /** What the driver answered to `describe` when it was built or installed; it can't change later. */
  readonly info: DriverInfo;
  /** The package of the contract that it was built for, e.g. `wherry:driver@0.1.0`. */
  readonly contract: string;
  /** Pages of 64 KiB that its memory may grow to. */
  readonly memoryPages: number;
  /** Of its strings; UTF-16 when absent. */
  readonly encoding?: StringEncoding;
}

/** A built driver, wherever it comes from. */
export interface DriverPackage {
  readonly manifest: DriverManifest;
  /** The bytes of its core module, read when the driver is first called. */
  readonly core: () => Uint8Array;
}

/** Installed drivers; one that is damaged is passed over, as it must not get in the way of the others. */
export function readInstalled(directory: string): DriverPackage[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => {
    try {
      return [readDriver(join(directory, name))];
    } catch (error) {
      if (error instanceof WherryError) return [];
      throw error;
    }
  });
}

/**
 * The drivers of a directory: one folder each, with `manifest.json` and `core.wasm`.
 * @throws WherryError `E_DRIVER_LOAD` for a manifest that isn't JSON
 */
export function readDrivers(directory: string): DriverPackage[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'manifest.json')))
    .map((entry) => readDriver(join(directory, entry.name)));
}

/** @throws WherryError `E_DRIVER_LOAD` */
export function readDriver(directory: string): DriverPackage {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as DriverManifest;
    return { manifest, core: () => readFileSync(join(directory, 'core.wasm')) };
  } catch (cause) {
    throw new WherryError(`the driver in ${directory} can't be read`, {
      code: 'E_DRIVER_LOAD',
      hint: 'Install it again, or remove the directory.',
      cause,
    });
  }
}
