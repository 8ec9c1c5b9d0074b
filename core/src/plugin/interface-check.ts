import type { DriverKind } from './contract.ts';
import { type DriverName, unloadable } from './failure.ts';
import type { ContractSchema } from './schema-types.ts';
import { type WasmModule, wasm } from './webassembly.ts';

/**
 * Refuses a core module that reaches for anything but the functions of `wherry:driver/host`, or lacks a function of its
 * kind. Everything a driver can reach is what it imports, so this is the whole of the sandbox's boundary.
 * @throws WherryError `E_DRIVER_IMPORT`, `E_DRIVER_KIND`, `E_DRIVER_VERSION`, `E_DRIVER_FUNCTION`
 */
export function checkInterface(module: WasmModule, driver: DriverName, schema: ContractSchema): void {
  checkImports(module, driver, schema);
  checkExports(module, driver, schema);
}

function checkImports(module: WasmModule, driver: DriverName, schema: ContractSchema): void {
  const { host } = schema.interfaces;
  const functions = new Set(Object.values(host.functions).map((fn) => fn.name));
  for (const { module: from, name, kind } of wasm.Module.imports(module)) {
    if (from === host.id && kind === 'function' && functions.has(name)) continue;
    if (from !== host.id && from.split('@')[0] === host.id.split('@')[0]) {
      throw wrongVersion(driver, from.split('@')[1], schema);
    }
    throw unloadable(
      driver,
      'E_DRIVER_IMPORT',
      `it imports ${from} ${name}, and a driver gets nothing but ${host.id}`,
      'Build it without WASI or other imports; what it needs to know arrives with each request.',
    );
  }
}

function checkExports(module: WasmModule, driver: DriverName, schema: ContractSchema): void {
  const names = new Set(wasm.Module.exports(module).map((item) => item.name));
  const { id, functions } = schema.interfaces[driver.kind];
  const missing = Object.values(functions).filter((fn) => !names.has(`${id}#${fn.name}`));
  if (missing.length === 0 && names.has('memory') && names.has('cabi_realloc')) return;
  if (missing.length < Object.keys(functions).length) {
    const what = missing.map((fn) => fn.name).join(', ') || 'memory or cabi_realloc';
    throw unloadable(
      driver,
      'E_DRIVER_FUNCTION',
      `it lacks ${what} of ${id}`,
      'Build it for the whole of the contract.',
    );
  }
  const interfaces = [...names].flatMap((name) => /^(?:cabi_post_)?([^#]+)#/.exec(name)?.[1] ?? []);
  const version = interfaces.find((name) => name.split('@')[0] === id.split('@')[0])?.split('@')[1];
  if (version !== undefined) throw wrongVersion(driver, version, schema);
  const other = (['storage', 'network', 'log'] satisfies DriverKind[]).find((kind) =>
    interfaces.includes(schema.interfaces[kind].id),
  );
  const found =
    other === undefined ? 'no interface of the driver contract' : `the interface of a ${other} driver`;
  throw unloadable(driver, 'E_DRIVER_KIND', `it exports ${found}`, `Choose a ${driver.kind} driver.`);
}

function wrongVersion(driver: DriverName, version: string | undefined, schema: ContractSchema): Error {
  return unloadable(
    driver,
    'E_DRIVER_VERSION',
    `it was built for version ${version ?? 'unknown'} of the driver contract, and this is ${schema.package}`,
    'Install a version of the driver that is built for this one.',
  );
}
