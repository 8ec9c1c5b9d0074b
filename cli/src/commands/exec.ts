import * as Flags from '@oclif/core/flags';
import { ContainerCommand } from '../container-command.ts';
import { environment } from '../flags/environment.ts';

export default class Exec extends ContainerCommand {
  static override id = 'exec';
  static override summary = 'Execute a command in a running container';
  static override usage = '[OPTIONS] CONTAINER COMMAND [ARG...]';
  static override examples = [
    'wherry exec -it web sh',
    'wherry exec -w /srv -e LANG=C web ls',
    'wherry exec -d web touch /tmp/seen',
  ];
  static override arity = { min: 2, max: Number.POSITIVE_INFINITY };
  static override interspersed = false;
  static override completes = 'running' as const;
  static override flags = {
    detach: Flags.boolean({ char: 'd', summary: 'Detached mode: run command in the background' }),
    'detach-keys': Flags.string({
      helpValue: 'string',
      summary: 'Override the key sequence for detaching a container',
    }),
    env: Flags.string({ char: 'e', multiple: true, helpValue: 'list', summary: 'Set environment variables' }),
    'env-file': Flags.string({
      multiple: true,
      helpValue: 'list',
      summary: 'Read in a file of environment variables',
    }),
    interactive: Flags.boolean({ char: 'i', summary: 'Keep STDIN open even if not attached' }),
    privileged: Flags.boolean({
      summary: 'Give extended privileges to the command, as far as the user has them',
    }),
    tty: Flags.boolean({ char: 't', summary: 'Allocate a pseudo-TTY' }),
    user: Flags.string({
      char: 'u',
      helpValue: 'string',
      summary: 'Username or UID (format: "<name|uid>[:<group|gid>]")',
    }),
    workdir: Flags.string({
      char: 'w',
      helpValue: 'string',
      summary: 'Working directory inside the container',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Exec.flags);
    const [name = '', ...command] = args;
    const { detach, interactive, tty, privileged, user, workdir } = flags;
    if (!detach && interactive && tty) this.requireTerminal();
    const request = {
      command,
      detach,
      interactive,
      tty,
      privileged,
      user,
      workdir,
      env: environment(flags['env-file'] ?? [], flags.env ?? [], process.env),
      detachKeys: flags['detach-keys'],
    };
    const { containers } = await this.engine();
    if (detach) {
      await containers.exec(name, request);
      return undefined;
    }
    return this.become(await containers.prepareExec(name, request));
  }
}
