import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { imagePruneRequest } from '../../format/image-prune.ts';
import { humanSize } from '../../format/units.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print } from '../../terminal/output.ts';

export default class ImagePrune extends BaseCommand {
  static override id = 'image prune';
  static override summary = 'Remove unused images';
  static override usage = '[OPTIONS]';
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused images, not just dangling ones' }),
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "until=<timestamp>"): until, label, label!, dangling',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(ImagePrune.flags);
    const request = imagePruneRequest(flags.filter ?? [], flags.all, Date.now());
    const what = request.all
      ? 'all images without at least one container associated to them'
      : 'all dangling images';
    if (!flags.force && !confirm(`This will remove ${what}.`)) return;
    const { images } = await this.engine();
    const { untagged, deleted, reclaimed } = await images.prune(request);
    const lines = [
      ...untagged.map((each) => `untagged: ${each}`),
      ...deleted.map((each) => `deleted: ${each}`),
    ];
    if (lines.length > 0) print(`Deleted Images:\n${lines.join('\n')}\n`);
    print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}
