import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { parseMoment } from '../flags/time.ts';
import { detailText, fixedTime } from '../format/log-line.ts';
import { BatchedOutput } from '../terminal/batched-output.ts';

export default class Logs extends BaseCommand {
  static override id = 'logs';
  static override summary = 'Fetch the logs of a container';
  static override usage = '[OPTIONS] CONTAINER';
  static override examples = ['wherry logs -f --tail 20 web', 'wherry logs --since 10m -t web'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'containers' as const;
  static override flags = {
    details: Flags.boolean({ summary: 'Show extra details provided to logs' }),
    follow: Flags.boolean({ char: 'f', summary: 'Follow log output' }),
    since: Flags.string({
      helpValue: 'string',
      summary:
        'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    }),
    tail: Flags.string({
      char: 'n',
      default: 'all',
      helpValue: 'string',
      summary: 'Number of lines to show from the end of the logs (default "all")',
    }),
    timestamps: Flags.boolean({ char: 't', summary: 'Show timestamps' }),
    until: Flags.string({
      helpValue: 'string',
      summary:
        'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Logs.flags);
    const [name = ''] = args;
    const now = Date.now();
    const tail = lineCount(flags.tail);
    const { containers } = await this.engine();
    const pieces = containers.logPieces(name, {
      follow: flags.follow,
      ...(tail === undefined ? {} : { tail }),
      ...(flags.since === undefined ? {} : { since: parseMoment(flags.since, now) }),
      ...(flags.until === undefined ? {} : { until: parseMoment(flags.until, now) }),
    });
    const output = new BatchedOutput();
    try {
      for await (const lines of pieces) {
        for (const { time, stream, text, attributes } of lines) {
          const details = flags.details ? `${detailText(attributes)} ` : '';
          const before = `${flags.timestamps ? `${fixedTime(time)} ` : ''}${details}`;
          if (before !== '') output.write(stream, Buffer.from(before));
          output.write(stream, text);
        }
      }
    } finally {
      output.flush();
    }
  }
}

/** As Docker: `all`, and any number below nothing, is every line. @throws WherryError `E_TAIL` */
function lineCount(text: string): number | undefined {
  if (text === 'all' || text === '') return undefined;
  const count = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) {
    throw new WherryError(`invalid number of lines: ${text}`, {
      code: 'E_TAIL',
      hint: 'Give --tail a number, or "all".',
    });
  }
  return count < 0 ? undefined : count;
}
