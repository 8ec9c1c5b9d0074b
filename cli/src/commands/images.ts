import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { filterImages, imageList } from '../format/images.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../format/list.ts';
import { print, STDOUT, terminalSize } from '../terminal/output.ts';

export default class Images extends BaseCommand {
  static override id = 'images';
  static override summary = 'List images';
  static override usage = '[OPTIONS] [REPOSITORY[:TAG]]';
  static override examples = [
    'wherry images',
    'wherry images --filter dangling=true -q',
    "wherry images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
  ];
  static override arity = { min: 0, max: 1 };
  static override completes = 'images' as const;
  static override flags = {
    all: Flags.boolean({
      char: 'a',
      summary: 'Show all images (default hides intermediate images)',
    }),
    digests: Flags.boolean({ summary: 'Show digests' }),
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: 'Filter output based on conditions provided: before, dangling, label, reference, since, until',
    }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    'no-trunc': Flags.boolean({ summary: "Don't truncate output" }),
    quiet: Flags.boolean({ char: 'q', summary: 'Only show image IDs' }),
    tree: Flags.boolean({ summary: 'List images as a tree, each with its platform (EXPERIMENTAL)' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Images.flags);
    if (flags.tree) refuseWithTree(flags);
    const engine = await this.engine();
    const all = engine.images.list();
    const shown = flags.all ? all : all.filter(({ intermediate }) => !intermediate);
    const items = filterImages(shown, flags.filter ?? [], {
      name: args[0],
      createdOf: (reference) => {
        const { id } = engine.images.resolve(reference);
        return all.find((each) => each.id === id)?.created ?? '';
      },
    });
    if (flags.tree) {
      const { imageTree } = await import('../format/image-tree.ts');
      print(await imageTree(engine.images, items, terminalSize(STDOUT).columns));
      return;
    }
    const list = imageList({ noTrunc: flags['no-trunc'], digests: flags.digests, now: Date.now() });
    const text = await renderList(list, {
      items,
      format: flags.format,
      quiet: flags.quiet ? 'ID' : undefined,
    });
    if (text !== '') print(text);
  }
}

/** In Docker's words. */
function refuseWithTree(flags: {
  readonly quiet: boolean;
  readonly 'no-trunc': boolean;
  readonly digests: boolean;
  readonly format: string | undefined;
}): void {
  const given = {
    quiet: flags.quiet,
    'no-trunc': flags['no-trunc'],
    'show-digest': flags.digests,
    format: flags.format !== undefined && flags.format !== '',
  };
  const [refused] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (refused === undefined) return;
  throw new WherryError(`--${refused} is not yet supported with --tree`, {
    code: 'E_USAGE',
    hint: 'Leave one of the two out.',
    exitCode: 1,
  });
}
