import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { detailText, USAGE_LIST, usageRows } from '../../format/disk-usage.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../../format/list.ts';
import { print } from '../../terminal/output.ts';

export default class SystemDf extends BaseCommand {
  static override id = 'system df';
  static override summary = 'Show disk usage of images, containers and volumes';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry system df', 'wherry system df -v'];
  static override flags = {
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    verbose: Flags.boolean({ char: 'v', summary: 'Show detailed information on space usage' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(SystemDf.flags);
    const engine = await this.engine();
    const usage = await engine.diskUsage();
    if (flags.verbose && flags.format === undefined) {
      const statusOf = new Map(engine.containers.list({ all: true }).map(({ id, status }) => [id, status]));
      print(detailText(usage, statusOf, Date.now()));
    } else
      print(
        await renderList(USAGE_LIST, { items: usageRows(usage), format: flags.format, quiet: undefined }),
      );
  }
}
