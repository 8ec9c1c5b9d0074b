import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { FORMAT_SUMMARY, renderOne } from '../../format/one.ts';
import { inspectedPlugin } from '../../format/plugins.ts';
import { print } from '../../terminal/output.ts';

export default class PluginInspect extends BaseCommand {
  static override id = 'plugin inspect';
  static override summary = 'Display detailed information on one or more plugins';
  static override usage = '[OPTIONS] PLUGIN [PLUGIN...]';
  static override examples = ["wherry plugin inspect -f '{{json .Permissions}}' my-log"];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'plugins' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(PluginInspect.flags);
    const { format } = flags;
    const { plugins } = await this.engine();
    const found: Record<string, unknown>[] = [];
    const status = await forEachNamed(args, this.options, async (name) => {
      const plugin = inspectedPlugin(await plugins.find(name));
      if (format === undefined) found.push(plugin);
      else print(await renderOne(format, plugin));
    });
    if (format === undefined) print(JSON.stringify(found, undefined, 4));
    return status;
  }
}
