import { BaseCommand } from '../base-command.ts';
import { COMMANDS, resolveCommand } from '../commands.ts';
import { commandHelp, rootHelp, topicHelp } from '../help.ts';
import { print } from '../terminal/output.ts';

export default class Help extends BaseCommand {
  static override id = 'help';
  static override summary = 'Help about the command';
  static override usage = '[COMMAND]';
  static override examples = ['wherry help run'];
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static override completes = 'commands' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(Help.flags);
    print(await this.#text(args));
  }

  async #text(words: readonly string[]): Promise<string> {
    if (words.length === 0) return rootHelp();
    const resolved = resolveCommand(words);
    if (resolved.kind === 'topic') return topicHelp(resolved.topic);
    const load = COMMANDS[resolved.id];
    return load === undefined ? rootHelp() : commandHelp(await load(), resolved.called);
  }
}
