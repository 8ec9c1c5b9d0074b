import { EXIT, WherryError } from '@wherry/core/errors';
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
    else print(await this.create(flags, args).catch(asDaemons));
  }
}

/** What Docker's client leaves to its daemon to refuse, whose refusals end `docker create` with 1. */
const DAEMONS: ReadonlySet<string> = new Set([
  'E_CAPABILITY_UNKNOWN',
  'E_CONTAINER_NAME',
  'E_CONTAINER_NAME_TAKEN',
  'E_CONTAINER_NOT_FOUND',
  'E_HOSTNAME',
  'E_MOUNT_SOURCE',
  'E_NETWORK_NOT_FOUND',
  'E_NO_COMMAND',
  'E_PLATFORM_NOT_FOUND',
  'E_WORKDIR',
]);

function asDaemons(error: unknown): never {
  if (!(error instanceof WherryError) || !DAEMONS.has(error.code)) throw error;
  const { code, hint, cause } = error;
  throw new WherryError(error.message, { code, hint, cause, exitCode: EXIT.failure });
}
