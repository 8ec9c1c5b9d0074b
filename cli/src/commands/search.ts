import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { usageError } from '../flags/usage-error.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../format/list.ts';
import { filterFound, foundList } from '../format/search.ts';
import { interruptible } from '../interrupt.ts';
import { print, printError } from '../terminal/output.ts';

const MAX_LIMIT = 100;
/** Docker's number where none is given. */
const DEFAULT_LIMIT = 25;

export default class Search extends BaseCommand {
  static override id = 'search';
  static override summary = 'Search Docker Hub, or a registry that the term begins with, for images';
  static override usage = '[OPTIONS] [REGISTRY/]TERM';
  static override examples = [
    'wherry search --filter is-official=true postgres',
    'wherry search localhost:5000/app',
  ];
  static override arity = { min: 1, max: 1 };
  static override flags = {
    authfile: Flags.string({ helpValue: 'string', summary: 'File of credentials for registries' }),
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: 'Filter output based on conditions provided: is-official=true|false, stars=MINIMUM',
    }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    limit: Flags.integer({ helpValue: 'int', summary: 'Max number of search results' }),
    'no-trunc': Flags.boolean({ summary: "Don't truncate output" }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Search.flags);
    const [term = ''] = args;
    const { limit = DEFAULT_LIMIT } = flags;
    if (limit < 1 || limit > MAX_LIMIT) {
      throw usageError(this.context.called, `limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`);
    }
    const select = filterFound(flags.filter ?? []);
    const { searchImages } = await import('@wherry/core/registries');
    const found = await interruptible((signal) =>
      searchImages({
        term,
        limit,
        env: process.env,
        authFile: flags.authfile,
        insecureRegistries: this.options.insecureRegistries,
        signal,
        onFailure: ({ message }) => printError(`WARNING: ${message}`),
      }),
    );
    const list = foundList({ noTrunc: flags['no-trunc'] });
    const text = await renderList(list, {
      items: found.filter(select),
      format: flags.format,
      quiet: undefined,
    });
    if (text !== '') print(text);
  }
}
