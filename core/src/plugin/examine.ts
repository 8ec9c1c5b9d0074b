import { posix } from 'node:path';
import { WherryError } from '../errors/error.ts';
import { ComponentError, driverCore } from './component.ts';
import type { DriverInfo, Permission } from './contract.ts';
import { DEADLINES } from './driver.ts';
import { typedDriver } from './drivers.ts';
import type { DriverManifest } from './package.ts';
import { SCHEMA } from './schema.ts';
import { MemoryState } from './state.ts';

/** Pages of 64 KiB: 16 MiB. */
const MEMORY_PAGES = 256;
/** Bytes; compiling more takes longer than the user would wait. */
const MAX_COMPONENT = 32 * 1024 * 1024;
/** Characters of a text that is shown. */
const MAX_TEXT = 300;
const MAX_LIST = 100;

export interface Examined {
  readonly manifest: DriverManifest;
  readonly core: Uint8Array;
}

/**
 * Takes the driver out of a component, checks what it imports and exports, and asks it to describe itself, which is the first
 * of its code that runs.
 * @param file by which errors call it, as it has no other name yet
 * @throws WherryError `E_DRIVER_…`
 */
export function examineDriver(bytes: Uint8Array, file: string): Examined {
  if (bytes.length > MAX_COMPONENT) throw refused(file, `it is larger than ${MAX_COMPONENT} bytes`);
  const { core, kind, encoding } = taken(bytes, file);
  const draft: DriverInfo = { name: file, kind, version: '', summary: '', permissions: [], options: [] };
  const base = { contract: SCHEMA.package, memoryPages: MEMORY_PAGES, encoding };
  const source = { manifest: { info: draft, ...base }, core: () => core };
  const driver = typedDriver(source, { stateFor: () => new MemoryState(), deadlines: DEADLINES }) as {
    describe(): { readonly value: DriverInfo };
  };
  const info = driver.describe().value;
  const fault = faultOf(info, kind);
  if (fault !== undefined) throw refused(file, fault);
  return { manifest: { info, ...base }, core };
}

function taken(bytes: Uint8Array, file: string) {
  try {
    return driverCore(bytes);
  } catch (error) {
    if (error instanceof ComponentError) throw refused(file, error.message, error);
    throw error;
  }
}

/** What is wrong with a description: it is kept, shown, and goes into paths. */
function faultOf(info: DriverInfo, kind: string): string | undefined {
  const { name, version, summary, permissions, options } = info;
  if (info.kind !== kind)
    return `it says that it is a ${info.kind} driver, and exports the interface of a ${kind} driver`;
  if (!/^[a-z0-9][a-z0-9.-]{0,31}$/.test(name))
    return `its name ${JSON.stringify(name.slice(0, 40))} isn't up to 32 lower-case letters, digits, dots and hyphens`;
  if (!/^\d{1,9}(\.\d{1,9}){2}([-+][0-9A-Za-z.+-]{1,64})?$/.test(version))
    return `its version ${JSON.stringify(version.slice(0, 40))} isn't a semantic version`;
  if (permissions.length > MAX_LIST || options.length > MAX_LIST)
    return `it has more than ${MAX_LIST} options or permissions`;
  const unclear = permissions.find((permission) => !isClear(permission));
  if (unclear !== undefined) return `it asks for ${unclear.tag} of something that there can't be`;
  const texts = [
    summary,
    ...options.flatMap((option) => [option.name, option.default, option.help]),
    ...permissions.flatMap((permission) => ('val' in permission ? [permission.val] : [])),
  ];
  // What goes to a terminal, above all the list of permissions, has to show what it is.
  const odd = texts.find((text) => text.length > MAX_TEXT || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text));
  return odd === undefined
    ? undefined
    : `its description has a text that is too long, or has characters that can't be shown`;
}

/** Whether what is asked for is what the words that the user sees say. */
function isClear(permission: Permission): boolean {
  switch (permission.tag) {
    case 'host-path':
      return posix.isAbsolute(permission.val) && posix.normalize(permission.val) === permission.val;
    case 'helper-program':
      return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(permission.val);
    case 'connect':
      return /^(\*|[a-z]+:\S+)$/.test(permission.val);
    default:
      return true;
  }
}

function refused(file: string, what: string, cause?: unknown): WherryError {
  return new WherryError(`${file} can't be used as a driver: ${what}.`, {
    code: 'E_DRIVER_LOAD',
    hint: 'docs/drivers.md says what a driver is and how one is built.',
    cause,
  });
}
