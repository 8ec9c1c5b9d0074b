import { checkOptions } from '@wherry/core/options';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { limitFlags, limitRequest } from '../flags/options.ts';
import { usageError } from '../flags/usage-error.ts';
import { print, printError } from '../terminal/output.ts';

export default class Update extends BaseCommand {
  static override id = 'update';
  static override summary = 'Update configuration of one or more containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = [
    'wherry update -m 512m --cpus 1.5 web',
    'wherry update --restart on-failure:3 web db',
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
  static override flags = { ...limitFlags };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Update.flags);
    const request = limitRequest(flags);
    if (Object.keys(request).length === 0) {
      throw usageError(this.context.called, 'you must provide one or more flags when using this command');
    }
    const { containers } = await this.engine();
    checkOptions(request);
    return forEachNamed(args, this.options, async (name) => {
      for (const warning of await containers.update(name, request)) printError(`WARNING: ${warning}`);
      print(name);
    });
  }
}
