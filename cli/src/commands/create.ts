import { ContainerCommand } from '../container-command.ts';
import { containerFlags } from '../flags/container.ts';
import { print } from '../terminal/output.ts';

export default class Create extends ContainerCommand {
  static override id = 'create';
  static override summary = 'Create a new container';
  static override usage = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override examples = [
    'wherry create -it --name shell debian bash',
    'wherry create --name tree --rootfs ./root:O sh',
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override interspersed = false;
  static override completes = 'image' as const;
  static override flags = { ...containerFlags };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Create.flags);
    if (flags.explain) await this.explain(flags, args);
    else print(await this.create(flags, args));
  }
}
