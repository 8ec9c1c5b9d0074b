import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { forEachNamed } from '../../each.ts';
import { FORMAT_SUMMARY, renderOne } from '../../format/one.ts';
import { inspectedVolume } from '../../format/volumes.ts';
import { print } from '../../terminal/output.ts';

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
    const { format } = flags;
    const { volumes } = await this.engine();
    const found: Record<string, unknown>[] = [];
    const status = await forEachNamed(args, this.options, async (name) => {
      const volume = inspectedVolume(await volumes.find(name));
      if (format === undefined) found.push(volume);
      else print(await renderOne(format, volume));
    });
    if (format === undefined) print(JSON.stringify(found, undefined, 4));
    return status;
  }
}
