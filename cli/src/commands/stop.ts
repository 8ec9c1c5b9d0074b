import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Stop extends BaseCommand {
  static override id = 'stop';
  static override summary = 'Stop one or more running containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ['wherry stop web', 'wherry stop -t 30 web db'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'running' as const;
  static override flags = {
    signal: Flags.string({ char: 's', helpValue: 'string', summary: 'Signal to send to the container' }),
    timeout: Flags.integer({
      char: 't',
      aliases: ['time'],
      helpValue: 'int',
      summary: 'Seconds to wait before killing the container',
    }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Stop.flags);
    const { containers } = await this.engine();
    const { signal, timeout } = flags;
    const options = {
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    return forEachNamed(args, this.options, async (name) => {
      await containers.stop(name, options);
      print(name);
    });
  }
}
