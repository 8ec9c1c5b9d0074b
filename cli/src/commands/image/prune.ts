import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { usageError } from '../../flags/usage-error.ts';
import { imagePruneRequest } from '../../format/image-prune.ts';
import { humanSize } from '../../format/units.ts';
import { confirm } from '../../terminal/confirm.ts';
import { print } from '../../terminal/output.ts';

interface CacheFlags {
  readonly all: boolean;
  readonly filter: string[] | undefined;
  readonly force: boolean;
}

export default class ImagePrune extends BaseCommand {
  static override id = 'image prune';
  static override summary = 'Remove unused images';
  static override usage = '[OPTIONS]';
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Remove all unused images, not just dangling ones' }),
    cache: Flags.boolean({
      summary:
        'Remove no images, but their compressed layers, which are fetched again when something needs them',
    }),
    filter: Flags.string({
      multiple: true,
      helpValue: 'filter',
      summary: 'Provide filter values (e.g. "until=<timestamp>"): until, label, label!, dangling',
    }),
    force: Flags.boolean({ char: 'f', summary: 'Do not prompt for confirmation' }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(ImagePrune.flags);
    if (flags.cache) return this.#pruneCache(flags);
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

  async #pruneCache({ all, filter, force }: CacheFlags): Promise<undefined> {
    if (all || filter !== undefined) {
      throw usageError('image prune', "--cache doesn't go with --all or --filter");
    }
    if (!force && !confirm('This will remove all compressed layers that can be pulled again.')) return;
    const { images } = await this.engine();
    const { digests, reclaimed } = await images.dropBlobs();
    if (digests.length > 0) print(`Deleted blobs:\n${digests.join('\n')}\n`);
    print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}
