import * as Flags from '@oclif/core/flags';
import { readArchiveFrom, sizeOf } from '../archive-input.ts';
import { BaseCommand } from '../base-command.ts';
import { interruptible } from '../interrupt.ts';
import { stderrMeter } from '../progress/meter.ts';
import { pullProgress, SILENT } from '../progress/reporter.ts';
import { isTerminal, print, STDOUT } from '../terminal/output.ts';

export default class Load extends BaseCommand {
  static override id = 'load';
  static override summary = 'Load an image from a tar archive or STDIN';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry load -i images.tar', 'wherry load < images.tar'];
  static override flags = {
    input: Flags.string({
      char: 'i',
      helpValue: 'string',
      summary: 'Read from tar archive file, instead of STDIN',
    }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Load only the given platform variant, as os[/arch[/variant]]',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Suppress the load output' }),
    'storage-driver': Flags.string({
      helpValue: 'string',
      summary: 'Storage driver to unpack the layers with',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(Load.flags);
    const { 'storage-driver': storageDriver } = flags;
    const source = await readArchiveFrom(flags.input, 'wherry load -i images.tar');
    // Docker draws layers on a terminal alone.
    const progress = flags.quiet || !isTerminal(STDOUT) ? SILENT : pullProgress(STDOUT);
    const { images } = await this.engine();
    const meter = flags.quiet
      ? undefined
      : stderrMeter(flags.input ?? 'stdin', 'Reading', sizeOf(flags.input));
    const loaded = await interruptible((signal) =>
      images.load({
        source: meter?.count(source) ?? source,
        signal,
        onEvent: progress.onEvent,
        ...(storageDriver === undefined ? {} : { storageDriver }),
        ...(flags.platform === undefined ? {} : { platform: flags.platform }),
      }),
    ).finally(progress.end);
    for (const { id, names } of loaded) {
      for (const name of names) print(`Loaded image: ${name}`);
      if (names.length === 0) print(`Loaded image ID: ${id}`);
    }
  }
}
