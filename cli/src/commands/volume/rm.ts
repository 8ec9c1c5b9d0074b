import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { print } from '../../terminal/output.ts';

export default class VolumeRemove extends BaseCommand {
  static override id = 'volume rm';
  static override summary = 'Remove one or more volumes';
  static override usage = '[OPTIONS] VOLUME [VOLUME...]';
  static override examples = ['wherry volume rm data'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'volumes' as const;
  static override flags = {
    force: Flags.boolean({ char: 'f', summary: "Don't fail for a volume that is not there" }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(VolumeRemove.flags);
    const { volumes } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      try {
        await volumes.remove(name);
      } catch (error) {
        const missing = error instanceof WherryError && error.code === 'E_VOLUME_NOT_FOUND';
        if (!flags.force || !missing) throw error;
      }
      print(name);
    });
  }
}
