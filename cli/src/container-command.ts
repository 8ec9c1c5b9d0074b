import type { Handover } from '@wherry/core/api';
import { EXIT, WherryError } from '@wherry/core/errors';
import { BaseCommand } from './base-command.ts';
import { openCidFile } from './cidfile.ts';
import { diagnose } from './diagnostics.ts';
import { type ContainerFlags, createRequest, type FlagRequest } from './flags/container.ts';
import { handOver } from './front.ts';
import { interruptibleLater } from './interrupt.ts';
import type { ProgressReporter } from './progress/reporter.ts';
import { isTerminal, print, printError, STDERR, STDIN } from './terminal/output.ts';

/** What `run`, `create`, `start` and `pull` share. */
export abstract class ContainerCommand extends BaseCommand {
  /** Makes the container that flags and words ask for, pulling what is missing. Answers with its id. */
  protected async create(flags: ContainerFlags, words: readonly string[]): Promise<string> {
    const request = requestOf(flags, words);
    const cidFile = !flags.cidfile ? undefined : openCidFile(flags.cidfile);
    try {
      const progress = await this.#progress(flags.quiet);
      const { containers } = await this.engine();
      const { id, warnings } = await interruptibleLater((signal) =>
        containers.create({
          ...request,
          createCommand: this.argv,
          insecureRegistries: this.options.insecureRegistries,
          onPullEvent: (event) => {
            this.context.session.unusual = true;
            progress.onEvent(event);
          },
          signal,
        }),
      ).finally(progress.end);
      for (const warning of warnings) printError(`WARNING: ${warning}`);
      cidFile?.write(id);
      return id;
    } finally {
      cidFile?.close();
    }
  }

  protected async explain(flags: ContainerFlags, words: readonly string[]): Promise<void> {
    const request = requestOf(flags, words);
    const { containers } = await this.engine();
    const text = await containers.explain({
      ...request,
      insecureRegistries: this.options.insecureRegistries,
    });
    print(text.replace(/\n$/, ''));
  }

  /** The process becomes the launcher, or its front does; never returns. */
  protected async become(handover: Handover): Promise<never> {
    const { file, args, env } = handover;
    const { front } = this.context.session;
    await diagnose(this.options, 'debug', 'becoming the launcher', { file, args });
    this.context.saveCodeCache();
    (await this.engine()).leave();
    if (front !== undefined) handOver(front, handover);
    if (process.execve === undefined) throw new Error('This Node.js has no process.execve.');
    // As execve(2) has it, the first argument is the program's own name.
    return process.execve(file, [file, ...args], env);
  }

  /** @throws WherryError `E_NOT_A_TERMINAL` where Docker refuses to give the container a terminal it can't reach */
  protected requireTerminal(): void {
    if (isTerminal(STDIN)) return;
    throw new WherryError('the input device is not a TTY', {
      code: 'E_NOT_A_TERMINAL',
      hint: 'Leave out -t, or run the command from a terminal.',
    });
  }

  /** Progress for a pull that may not happen: whether there is a terminal is looked up with its first event. */
  async #progress(quiet: boolean): Promise<ProgressReporter> {
    const { pullProgress, SILENT } = await import('./progress/reporter.ts');
    if (quiet) return SILENT;
    let progress: ProgressReporter | undefined;
    return {
      onEvent: (event) => {
        progress ??= pullProgress(STDERR);
        progress.onEvent(event);
      },
      end: () => progress?.end(),
    };
  }
}

/** @throws WherryError for a value that can't be read */
function requestOf(flags: ContainerFlags, words: readonly string[]): FlagRequest {
  try {
    return createRequest(flags, words, { env: process.env, directory: currentDirectory() });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== 'uv_cwd') throw cause;
    throw new WherryError("The current directory isn't there any more.", {
      code: 'E_INPUT_FILE',
      hint: 'Change to one that is, or give whole paths.',
      exitCode: EXIT.engine,
      cause,
    });
  }
}

/** Empty when it was removed under the shell: then `resolve` asks for it where a relative path is given, and fails. */
function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}
