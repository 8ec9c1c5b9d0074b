import type { ImageConfig } from '../api.ts';
import { WherryError } from '../errors/error.ts';

export interface Command {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/**
 * Entrypoint and command of a container, by Docker's rules: `--entrypoint` puts aside the image's entrypoint and its
 * command; `--entrypoint ""` leaves none; arguments replace the image's command alone.
 * @throws WherryError `E_NO_COMMAND` when nothing is left to run.
 */
export function mergeCommand(
  asked: {
    readonly entrypoint?: string | undefined;
    readonly command: readonly string[];
    readonly rootfs?: string;
  },
  image: ImageConfig,
): Command {
  const own = asked.entrypoint !== undefined;
  const entrypoint = own ? [asked.entrypoint].filter((word) => word !== '') : (image.Entrypoint ?? []);
  const cmd = asked.command.length > 0 || own ? asked.command : (image.Cmd ?? []);
  if (entrypoint.length + cmd.length === 0) {
    const directory = asked.rootfs !== undefined;
    const lack = directory
      ? 'a directory has none of its own'
      : 'the image has neither an entrypoint nor a command';
    throw new WherryError(`No command specified: ${lack}.`, {
      code: 'E_NO_COMMAND',
      hint: directory
        ? 'Name the command after the directory: wherry run --rootfs DIRECTORY COMMAND [ARG...].'
        : 'Name the command after the image: wherry run IMAGE COMMAND [ARG...].',
    });
  }
  return { entrypoint, cmd };
}

/** The words that are executed. */
export function argumentVector(command: Command): readonly string[] {
  return [...command.entrypoint, ...command.cmd];
}

/** The command line as `docker ps` prints it: arguments with a space in single quotes. */
export function commandText(command: Command): string {
  const [path, ...args] = argumentVector(command);
  return [path, ...args.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ');
}
