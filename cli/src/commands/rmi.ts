import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Rmi extends BaseCommand {
  static override id = 'rmi';
  static override summary = 'Remove one or more images';
  static override usage = '[OPTIONS] IMAGE [IMAGE...]';
  static override examples = ['wherry rmi debian:bookworm', 'wherry rmi -f 5f72e21bc818'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'images' as const;
  static override flags = {
    force: Flags.boolean({ char: 'f', summary: 'Force removal of the image' }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Remove only the given platform variant, as os[/arch[/variant]]',
    }),
    'no-prune': Flags.boolean({ summary: 'Do not delete untagged parents' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Rmi.flags);
    const { images } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      if (flags.platform !== undefined) await images.requirePlatform(name, flags.platform);
      const { untagged, deleted } = await images.remove(name, {
        force: flags.force,
        keepParents: flags['no-prune'],
      });
      for (const each of untagged) print(`Untagged: ${each}`);
      for (const each of deleted) print(`Deleted: ${each}`);
    });
  }
}
