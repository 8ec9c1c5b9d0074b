import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { FORMAT_SUMMARY } from '../../format/one.ts';
import { inspectObjects } from '../../inspect/objects.ts';

export default class ContainerInspect extends BaseCommand {
  static override id = 'container inspect';
  static override summary = 'Display detailed information on one or more containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = [
    'wherry container inspect web',
    "wherry container inspect -s -f '{{.SizeRw}}' web",
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
    size: Flags.boolean({ char: 's', summary: 'Display total file sizes' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(ContainerInspect.flags);
    const { containers } = await this.engine();
    return inspectObjects(args, flags.format, this.options, (name) =>
      containers.inspect(name, { size: flags.size }),
    );
  }
}
