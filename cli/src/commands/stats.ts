import { setTimeout as delay } from 'node:timers/promises';
import * as Flags from '@oclif/core/flags';
import type { StatsSample } from '@wherry/core/api';
import { BaseCommand } from '../base-command.ts';
import { LIST_FORMAT_SUMMARY, renderList } from '../format/list.ts';
import { statsList } from '../format/stats.ts';
import { isTerminal, print, STDOUT, write } from '../terminal/output.ts';

const INTERVAL_MS = 1000;
/** Home, and clear from there on (ECMA-48). */
const REDRAW = '\x1b[H\x1b[J';

export default class Stats extends BaseCommand {
  static override id = 'stats';
  static override summary = 'Display a live stream of container(s) resource usage statistics';
  static override usage = '[OPTIONS] [CONTAINER...]';
  static override examples = [
    'wherry stats',
    "wherry stats --no-stream --format '{{.Name}} {{.MemUsage}}' web",
  ];
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static override completes = 'running' as const;
  static override flags = {
    all: Flags.boolean({ char: 'a', summary: 'Show all containers (default shows just running)' }),
    format: Flags.string({ helpValue: 'string', summary: LIST_FORMAT_SUMMARY }),
    'no-stream': Flags.boolean({ summary: 'Disable streaming stats and only pull the first result' }),
    'no-trunc': Flags.boolean({ summary: 'Do not truncate output' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Stats.flags);
    const { containers } = await this.engine();
    const named = args.map((name) => containers.find(name));
    const ids = (): readonly string[] =>
      named.length > 0 ? named : containers.list({ all: flags.all }).map(({ id }) => id);
    let before = new Map<string, StatsSample>();
    for (let round = 0; ; round += 1) {
      const looks = await Promise.all(ids().map((id) => containers.stats(id)));
      const samples = looks.flatMap((each) => each ?? []);
      // The first look has nothing to compare with.
      if (round > 0) {
        const items = samples.map((now) => ({
          now,
          before: before.get(now.id),
          asked: args[named.indexOf(now.id)],
        }));
        const text = await renderList(statsList(flags['no-trunc']), {
          items,
          format: flags.format,
          quiet: undefined,
        });
        if (!flags['no-stream'] && isTerminal(STDOUT)) write(STDOUT, Buffer.from(REDRAW));
        if (text !== '') print(text);
        if (flags['no-stream']) return;
      }
      before = new Map(samples.map((each) => [each.id, each]));
      await delay(INTERVAL_MS);
    }
  }
}
