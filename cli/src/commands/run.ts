import * as Flags from '@oclif/core/flags';
import { EXIT, WherryError } from '@wherry/core/errors';
import { ContainerCommand } from '../container-command.ts';
import { containerFlags, namedStreams } from '../flags/container.ts';
import { usageError } from '../flags/usage-error.ts';
import { print, printError } from '../terminal/output.ts';

export default class Run extends ContainerCommand {
  static override id = 'run';
  static override summary = 'Create and run a new container from an image';
  static override usage = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override examples = [
    'wherry run -it --rm debian bash',
    'wherry run -d -p 8080:80 -m 256m --restart unless-stopped --name web nginx',
    'wherry run --rm --rootfs ./root:O sh',
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override interspersed = false;
  static override completes = 'image' as const;
  static override flags = {
    ...containerFlags,
    detach: Flags.boolean({ char: 'd', summary: 'Run container in background and print container ID' }),
    'detach-keys': Flags.string({
      helpValue: 'string',
      summary: 'Override the key sequence for detaching a container',
    }),
    'sig-proxy': Flags.boolean({
      default: true,
      summary: 'Proxy received signals to the process (default true)',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Run.flags);
    if (flags.explain) return this.explain(flags, args).then(() => undefined);
    if (!flags.detach && flags.interactive && flags.tty) this.requireTerminal();
    // Before anything is made.
    attachedStreams(flags.attach, flags.interactive);
    if (flags.detach && flags.attach !== undefined) {
      throw usageError(this.context.called, 'conflicting options: cannot specify both --attach and --detach');
    }
    try {
      return await this.#start(await this.create(flags, args), flags);
    } catch (error) {
      throw asEngineFailure(error);
    }
  }

  async #start(id: string, flags: StartFlags): Promise<undefined> {
    const { containers } = await this.engine();
    if (flags.detach) {
      await containers.start(id);
      print(id);
      const warning = await containers.logoutWarning(id);
      if (warning !== undefined) printError(`WARNING: ${warning}`);
      return undefined;
    }
    const keys = flags['detach-keys'];
    const handover = await containers.prepareStart(id, {
      attach: attachedStreams(flags.attach, flags.interactive),
      ...(flags['sig-proxy'] ? {} : { sigProxy: false }),
      ...(keys === undefined ? {} : { detachKeys: keys }),
    });
    return this.become(handover);
  }
}

interface StartFlags {
  readonly attach?: readonly string[] | undefined;
  readonly 'sig-proxy': boolean;
  readonly detach: boolean;
  readonly interactive: boolean;
  readonly 'detach-keys'?: string | undefined;
}

/** The streams to attach to: all when none is named. @throws WherryError `E_OPTION` */
function attachedStreams(
  words: readonly string[] | undefined,
  interactive: boolean,
): { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean } {
  const names = namedStreams(words);
  if (names === undefined) return { stdin: interactive, stdout: true, stderr: true };
  return {
    // As in Docker: what is kept open is attached to, whatever else is named.
    stdin: interactive,
    stdout: names.includes('stdout'),
    stderr: names.includes('stderr'),
  };
}

/**
 * `docker run` fails with another status where `docker pull` and `docker create` do with 1, which might be the container's own:
 * with one that goes by the words of the failure, and mostly with 125.
 */
function asEngineFailure(error: unknown): unknown {
  if (!(error instanceof WherryError) || error.exitCode !== EXIT.failure) return error;
  const { message, code, hint, cause } = error;
  const exitCode = /no such file or directory/.test(message)
    ? EXIT.notFound
    : /permission denied|is a directory/.test(message)
      ? EXIT.notExecutable
      : EXIT.engine;
  return new WherryError(message, { code, hint, cause, exitCode });
}
