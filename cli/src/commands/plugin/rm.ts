import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { print } from '../../terminal/output.ts';

export default class PluginRemove extends BaseCommand {
  static override id = 'plugin rm';
  static override summary = 'Remove one or more plugins';
  static override usage = 'PLUGIN [PLUGIN...]';
  static override examples = ['wherry plugin rm my-log', 'wherry plugin rm log/mine'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'plugins' as const;

  override async run(): Promise<number> {
    const { args } = this.read(PluginRemove.flags);
    const { plugins } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      await plugins.remove(name);
      print(name);
    });
  }
}
