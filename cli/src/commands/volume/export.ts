import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { isTerminal, STDOUT, write } from '../../terminal/output.ts';

export default class VolumeExport extends BaseCommand {
  static override id = 'volume export';
  static override summary = "Export a volume's files as a tar archive";
  static override usage = '[OPTIONS] VOLUME';
  static override arity = { min: 1, max: 1 };
  static override completes = 'volumes' as const;
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'string',
      summary: 'Write to a file, instead of STDOUT',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(VolumeExport.flags);
    const [name = ''] = args;
    const { output } = flags;
    if (output === undefined && isTerminal(STDOUT)) {
      throw new WherryError('cowardly refusing to save to a terminal. Use the -o flag or redirect', {
        code: 'E_TERMINAL',
        hint: `wherry volume export -o ${name}.tar ${name}`,
      });
    }
    const { volumes } = await this.engine();
    const { mountpoint } = await volumes.find(name);
    if (output === undefined) {
      for await (const piece of volumes.export(name)) write(STDOUT, piece);
    } else await this.#toFile(output, mountpoint, volumes.export(name));
  }

  /** What was there before stays until the archive is whole. */
  async #toFile(path: string, mountpoint: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const draft = `${path}.${process.pid}.partial`;
    const fd = openFile(draft, path, mountpoint);
    try {
      try {
        for await (const piece of pieces) write(fd, piece);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }
}

function openFile(draft: string, path: string, mountpoint: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (cause) {
    throw new WherryError(`The file ${path} can't be written: ${(cause as Error).message}.`, {
      code: 'E_OUTPUT_FILE',
      hint: `Name a file in a directory that you may write to; the volume itself lies in ${mountpoint}`,
      cause,
    });
  }
}
