import { constants } from 'node:os';
import * as Flags from '@oclif/core/flags';
import { EVENT_FILTERS } from '@wherry/core/event-filter';
import { BaseCommand } from '../base-command.ts';
import { parseMoment } from '../flags/time.ts';
import { eventPrinter } from '../format/events.ts';
import { parseFilters } from '../format/filter.ts';
import { print } from '../terminal/output.ts';

export default class Events extends BaseCommand {
  static override id = 'events';
  static override summary = 'Get real time events of containers, images, networks and volumes';
  static override usage = '[OPTIONS]';
  static override examples = [
    'wherry events --since 10m --until 0s',
    "wherry events --filter container=web --filter event=die --format '{{.Time}} {{.Actor.Attributes.exitCode}}'",
  ];
  static override flags = {
    filter: Flags.string({
      char: 'f',
      multiple: true,
      helpValue: 'filter',
      summary: `Filter output based on conditions provided: ${EVENT_FILTERS.join(', ')}`,
    }),
    format: Flags.string({
      helpValue: 'string',
      summary:
        "Format output using a custom template: 'json': a JSON object a line; 'TEMPLATE': a line by a Go template",
    }),
    since: Flags.string({ helpValue: 'string', summary: 'Show all events created since timestamp' }),
    until: Flags.string({ helpValue: 'string', summary: 'Stream events until this timestamp' }),
  };

  override async run(): Promise<number> {
    const { flags } = this.read(Events.flags);
    const now = Date.now();
    const filters = parseFilters(flags.filter ?? [], EVENT_FILTERS);
    const text = await eventPrinter(flags.format);
    const engine = await this.engine();
    const ending = new AbortController();
    let caught: 'SIGINT' | 'SIGTERM' | undefined;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        caught = name;
        ending.abort();
      });
    }
    const request = {
      filters,
      signal: ending.signal,
      ...(flags.since === undefined ? {} : { since: parseMoment(flags.since, now) }),
      ...(flags.until === undefined ? {} : { until: parseMoment(flags.until, now) }),
    };
    for await (const event of engine.events(request)) print(text(event));
    return caught === undefined ? 0 : 128 + constants.signals[caught];
  }
}
