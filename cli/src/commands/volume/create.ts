import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { driverOptions, labels } from '../../flags/pairs.ts';
import { print } from '../../terminal/output.ts';

export default class VolumeCreate extends BaseCommand {
  static override id = 'volume create';
  static override summary = 'Create a volume';
  static override usage = '[OPTIONS] [VOLUME]';
  static override examples = ['wherry volume create data', 'wherry volume create --label team=shop data'];
  static override arity = { min: 0, max: 1 };
  static override completes = 'nothing' as const;
  static override flags = {
    driver: Flags.string({
      char: 'd',
      default: 'local',
      helpValue: 'string',
      summary: 'Specify volume driver name (default "local")',
    }),
    label: Flags.string({ multiple: true, helpValue: 'list', summary: 'Set metadata for a volume' }),
    name: Flags.string({ hidden: true, helpValue: 'string', summary: 'Specify volume name' }),
    opt: Flags.string({
      char: 'o',
      multiple: true,
      helpValue: 'map',
      summary: 'Set driver specific options: type, device, o',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(VolumeCreate.flags);
    const [word] = args;
    if (word !== undefined && flags.name !== undefined) {
      throw new WherryError(
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
        { code: 'E_USAGE', hint: "See 'wherry volume create --help'." },
      );
    }
    if (flags.driver !== 'local') {
      throw new WherryError(`There is no volume driver "${flags.driver}".`, {
        code: 'E_VOLUME_DRIVER',
        hint: 'Volumes are local ones: leave out -d.',
      });
    }
    const { volumes } = await this.engine();
    const volume = await volumes.create({
      // An empty name is as none, as in Docker.
      name: (word ?? flags.name) || undefined,
      labels: labels(flags.label ?? []),
      options: driverOptions(flags.opt ?? []),
    });
    print(volume.name);
  }
}
