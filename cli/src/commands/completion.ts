import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { type CompletionModel, completionModel } from '../completion/model.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { STDOUT, write } from '../terminal/output.ts';

const SHELLS: Readonly<Record<string, (model: CompletionModel) => string>> = {
  bash: bashCompletion,
  fish: fishCompletion,
  zsh: zshCompletion,
};

export default class Completion extends BaseCommand {
  static override id = 'completion';
  static override summary = 'Generate the completion script for a shell: bash, zsh or fish';
  static override usage = 'SHELL';
  static override examples = ['wherry completion bash > ~/.local/share/bash-completion/completions/wherry'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'shells' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(Completion.flags);
    const [shell = ''] = args;
    const make = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (make === undefined) {
      throw new WherryError(`there is no completion for the shell '${shell}'`, {
        code: 'E_SHELL',
        hint: 'Shells are bash, zsh and fish: source <(wherry completion bash).',
      });
    }
    write(STDOUT, make(await completionModel()));
  }
}
