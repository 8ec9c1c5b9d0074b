import { writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { WherryError } from '../core/src/errors/error.ts';
import { examineDriver } from '../core/src/plugin/examine.ts';
import {
  CompileError,
  type CompileOptions,
  compileCore,
  componentOf,
} from '../plugins/sdk-assemblyscript/src/index.ts';

/**
 * build-driver KIND SOURCE [OUT]: makes a component of a driver in AssemblyScript, wherever it lies, and looks at it as
 * `wherry plugin install` does. OUT is SOURCE with `.wasm` by default.
 */
const [kind, source = '', out = source.replace(/(\.ts)?$/, '.wasm')] = process.argv.slice(2);
if (!['storage', 'network', 'log'].includes(kind ?? '') || source === '') {
  process.stderr.write('build-driver storage|network|log SOURCE [OUT]\n');
  process.exit(2);
}
const options: CompileOptions = {
  wit: join(import.meta.dirname, '../wit'),
  world: `${kind}-driver`,
  directory: dirname(resolve(source)),
  source: basename(source),
  typesModule: '@wherry/sdk-assemblyscript/guest/types.ts',
  importsModule: '@wherry/sdk-assemblyscript/guest/host.ts',
  maximumMemory: 256,
};
try {
  const component = await componentOf(await compileCore(options), options);
  const { info } = examineDriver(component, basename(out)).manifest;
  writeFileSync(out, component);
  process.stdout.write(
    `${out}: the ${info.kind} driver ${info.name} ${info.version}, ${component.length} bytes\n`,
  );
} catch (error) {
  // What the driver's author can mend is said without a trace through this repository.
  if (!(error instanceof CompileError || error instanceof WherryError)) throw error;
  process.stderr.write(`${error.message}\n${error instanceof WherryError ? `${error.hint}\n` : ''}`);
  process.exit(1);
}
