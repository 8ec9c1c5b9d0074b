import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { historyList } from '../format/history.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../format/list.ts';
import { print } from '../terminal/output.ts';

export default class History extends BaseCommand {
  static override id = 'history';
  static override summary = 'Show the history of an image';
  static override usage = '[OPTIONS] IMAGE';
  static override examples = [
    'wherry history debian',
    "wherry history --no-trunc --format '{{.CreatedBy}}' debian",
  ];
  static override arity = { min: 1, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    human: Flags.boolean({
      char: 'H',
      default: true,
      summary: 'Print sizes and dates in human readable format',
    }),
    'no-trunc': Flags.boolean({ summary: "Don't truncate output" }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Show history for the given platform, as os[/arch[/variant]]',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only show image IDs' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(History.flags);
    const { images } = await this.engine();
    if (flags.platform !== undefined) await images.requirePlatform(args[0] ?? '', flags.platform);
    const list = historyList({ noTrunc: flags['no-trunc'], human: flags.human, now: Date.now() });
    const text = await renderList(list, {
      items: await images.history(args[0] ?? ''),
      format: flags.format,
      quiet: flags.quiet ? 'ID' : undefined,
    });
    if (text !== '') print(text);
  }
}
