import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { FORMAT_SUMMARY } from '../../format/one.ts';
import { inspectObjects, mayShow } from '../../inspect/objects.ts';

export default class ImageInspect extends BaseCommand {
  static override id = 'image inspect';
  static override summary = 'Display detailed information on one or more images';
  static override usage = '[OPTIONS] IMAGE [IMAGE...]';
  static override examples = [
    'wherry image inspect debian',
    "wherry image inspect --platform linux/amd64 -f '{{.Id}}' debian",
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'images' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
    platform: Flags.string({
      helpValue: 'string',
      summary: 'Inspect a specific platform of the image, as os[/arch[/variant]]; it fails for another one',
    }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(ImageInspect.flags);
    const { platform } = flags;
    const trees = mayShow(flags.format, 'GraphDriver');
    const { images } = await this.engine();
    return inspectObjects(args, flags.format, this.options, async (name) => {
      if (platform !== undefined) await images.requirePlatform(name, platform);
      return images.inspect(name, { trees });
    });
  }
}
