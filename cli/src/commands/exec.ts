import * as Flags from '@oclif/core/flags';
import { EXIT, WherryError } from '@wherry/core/errors';
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
      env: readEnvironment(flags['env-file'] ?? [], flags.env ?? []),
      detachKeys: flags['detach-keys'],
    };
    const { containers } = await this.engine();
    if (detach) {
      await containers.exec(name, request).catch((error: unknown) => {
        throw withStatus(error, EXIT.failure);
      });
      return undefined;
    }
    const handover = await containers.prepareExec(name, request).catch((error: unknown) => {
      const refused = error instanceof WherryError && AT_START.has(error.code);
      throw refused ? withStatus(error, EXIT.notExecutable) : error;
    });
    return this.become(handover);
  }
}

/** What Docker's daemon finds out as it starts the command: that it can't be invoked so. With `-d`, any failure is one. */
const AT_START: ReadonlySet<string> = new Set([
  'E_USER_NOT_FOUND',
  'E_GROUP_NOT_FOUND',
  'E_USER_INVALID',
  'E_WORKDIR',
]);

/** Docker's client reads the files of `exec` after the flags, as no part of them. */
function readEnvironment(files: readonly string[], words: readonly string[]): string[] {
  const named = environment([], words, process.env);
  try {
    return [...environment(files, [], process.env), ...named];
  } catch (error) {
    throw withStatus(error, EXIT.failure);
  }
}

function withStatus(error: unknown, exitCode: number): unknown {
  if (!(error instanceof WherryError)) return error;
  const { message, code, hint, cause } = error;
  return new WherryError(message, { code, hint, cause, exitCode });
}
