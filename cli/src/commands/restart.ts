import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { print } from '../terminal/output.ts';

export default class Restart extends BaseCommand {
  static override id = 'restart';
  static override summary = 'Restart one or more containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ['wherry restart web', 'wherry restart -t 3 web db'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
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
    const { flags, args } = this.read(Restart.flags);
    const { containers } = await this.engine();
    const { signal, timeout } = flags;
    const options = {
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    return forEachNamed(args, this.options, async (name) => {
      await containers.restart(name, options);
      print(name);
    });
  }
}
