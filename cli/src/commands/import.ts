import * as Flags from '@oclif/core/flags';
import { readArchiveFrom, sizeOf } from '../archive-input.ts';
import { BaseCommand } from '../base-command.ts';
import { interruptible } from '../interrupt.ts';
import { stderrMeter } from '../progress/meter.ts';
import { print } from '../terminal/output.ts';

export default class Import extends BaseCommand {
  static override id = 'import';
  static override summary = 'Import the contents from a tarball to create a filesystem image';
  static override usage = '[OPTIONS] FILE|URL|- [REPOSITORY[:TAG]]';
  static override examples = [
    'wherry import rootfs.tar.gz mine:1',
    `wherry import -c 'CMD ["sh"]' https://example.org/rootfs.tar.gz mine:1`,
  ];
  static override arity = { min: 1, max: 2 };
  static override flags = {
    change: Flags.string({
      char: 'c',
      multiple: true,
      helpValue: 'list',
      summary: 'Apply Dockerfile instruction to the created image',
    }),
    message: Flags.string({
      char: 'm',
      helpValue: 'string',
      summary: 'Set commit message for imported image',
    }),
    platform: Flags.string({ helpValue: 'string', summary: 'Platform that the image is for' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Import.flags);
    const [file = '', reference] = args;
    const input = file === '-' ? undefined : file;
    const web = /^https?:\/\//.test(file);
    const source = web ? undefined : await readArchiveFrom(input, 'wherry import files.tar');
    const { count } = stderrMeter(input ?? 'stdin', 'Importing', sizeOf(input));
    const { images } = await this.engine();
    const id = await interruptible((signal) =>
      images.import({
        source: count(source ?? fromWeb(file, signal)),
        changes: flags.change ?? [],
        signal,
        ...(reference === undefined ? {} : { reference }),
        ...(flags.message === undefined ? {} : { message: flags.message }),
        ...(flags.platform === undefined ? {} : { platform: flags.platform }),
      }),
    );
    print(id);
  }
}

async function* fromWeb(address: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { download } = await import('@wherry/core/registries');
  yield* download(address, { env: process.env, signal });
}
