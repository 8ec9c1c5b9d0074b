import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { reportError } from '../error-report.ts';
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
      multiple: true,
      helpValue: 'strings',
      summary: 'Remove only the given platform variant, as os[/arch[/variant]]',
    }),
    'no-prune': Flags.boolean({ summary: 'Do not delete untagged parents' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Rmi.flags);
    const { images } = await this.engine();
    const platforms = (flags.platform ?? []).flatMap((each) => each.split(','));
    return forEachNamed(args, this.options, async (name) => {
      for (const platform of platforms) await images.requirePlatform(name, platform);
      const removed = await images
        .remove(name, { force: flags.force, keepParents: flags['no-prune'] })
        .catch((error: unknown) => {
          // By force, what isn't there is told and is no failure.
          if (!flags.force || !(error instanceof WherryError) || error.code !== 'E_IMAGE_NOT_FOUND')
            throw error;
          reportError(error, this.options);
          return { untagged: [], deleted: [] };
        });
      for (const each of removed.untagged) print(`Untagged: ${each}`);
      for (const each of removed.deleted) print(`Deleted: ${each}`);
    });
  }
}
