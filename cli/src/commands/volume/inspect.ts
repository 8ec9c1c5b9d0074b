import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { FORMAT_SUMMARY } from '../../format/one.ts';
import { inspectedVolume } from '../../format/volumes.ts';
import { inspectObjects } from '../../inspect/objects.ts';

export default class VolumeInspect extends BaseCommand {
  static override id = 'volume inspect';
  static override summary = 'Display detailed information on one or more volumes';
  static override usage = '[OPTIONS] VOLUME [VOLUME...]';
  static override examples = [
    'wherry volume inspect data',
    "wherry volume inspect -f '{{.Mountpoint}}' data",
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'volumes' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(VolumeInspect.flags);
    const { volumes } = await this.engine();
    return await inspectObjects(args, flags.format, this.options, async (name) =>
      inspectedVolume(await volumes.find(name)),
    );
  }
}
