import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { isTerminal, STDIN } from '../../terminal/output.ts';

export default class VolumeImport extends BaseCommand {
  static override id = 'volume import';
  static override summary = "Import a tar archive's files into a volume";
  static override usage = 'VOLUME FILE|-';
  static override arity = { min: 2, max: 2 };
  static override completes = 'volumes' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(VolumeImport.flags);
    const [name = '', file = ''] = args;
    const { volumes } = await this.engine();
    await volumes.find(name);
    await volumes.import(name, file === '-' ? standardInput(name) : await archive(file));
  }
}

function standardInput(name: string): AsyncIterable<Uint8Array> {
  if (!isTerminal(STDIN)) return createReadStream('', { fd: STDIN, autoClose: false });
  throw new WherryError('A terminal has no archive to give.', {
    code: 'E_TERMINAL',
    hint: `wherry volume import ${name} - < archive.tar`,
  });
}

async function archive(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const handle = await open(file);
    return handle.createReadStream();
  } catch (cause) {
    throw new WherryError(`The archive ${file} can't be read: ${(cause as Error).message}.`, {
      code: 'E_INPUT_FILE',
      hint: 'Name a tar archive, or - for standard input.',
      cause,
    });
  }
}
