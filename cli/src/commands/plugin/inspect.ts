import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { FORMAT_SUMMARY } from '../../format/one.ts';
import { inspectedPlugin } from '../../format/plugins.ts';
import { inspectObjects } from '../../inspect/objects.ts';

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
    const { plugins } = await this.engine();
    return await inspectObjects(args, flags.format, this.options, async (name) =>
      inspectedPlugin(await plugins.find(name)),
    );
  }
}
