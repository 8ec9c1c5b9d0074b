import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { permissionText } from '../../format/plugins.ts';
import { readLine } from '../../terminal/line.ts';
import { isTerminal, print, STDIN, STDOUT, write } from '../../terminal/output.ts';

export default class PluginInstall extends BaseCommand {
  static override id = 'plugin install';
  static override summary = 'Install a driver from a WebAssembly component';
  static override usage = '[OPTIONS] FILE';
  static override arity = { min: 1, max: 1 };
  static override examples = [
    'wherry plugin install my-log.wasm',
    'wherry plugin install --grant-all-permissions my-net.wasm',
  ];
  static override flags = {
    'grant-all-permissions': Flags.boolean({ summary: 'Grant all permissions necessary to run the plugin' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(PluginInstall.flags);
    const file = args[0] ?? '';
    const component = readComponent(file);
    const { plugins } = await this.engine();
    const { info } = await plugins.install({
      component,
      source: basename(file),
      grant: ({ name }, permissions) =>
        flags['grant-all-permissions'] || ask(name, permissions.map(permissionText)),
    });
    print(info.name);
  }
}

/** Docker's question. */
function ask(name: string, permissions: readonly string[]): boolean {
  const list = permissions.map((text) => ` - ${text}\n`).join('');
  write(STDOUT, `Plugin "${name}" is requesting the following privileges:\n${list}`);
  if (!isTerminal(STDIN)) return false;
  write(STDOUT, 'Do you grant the above permissions? [y/N] ');
  return readLine().trim().toLowerCase() === 'y';
}

function readComponent(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new WherryError(`The component ${file} can't be read: ${(cause as Error).message}.`, {
      code: 'E_INPUT_FILE',
      hint: 'Name a file on this machine; nothing is fetched from a registry.',
      cause,
    });
  }
}
