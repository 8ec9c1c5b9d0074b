import { BaseCommand } from '../base-command.ts';
import { usageError } from '../flags/usage-error.ts';
import { print } from '../terminal/output.ts';

export default class Diff extends BaseCommand {
  static override id = 'diff';
  static override summary = "Inspect changes to files or directories on a container's filesystem";
  static override usage = 'CONTAINER';
  static override examples = ['wherry diff web'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'containers' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(Diff.flags);
    if (args[0] === '') throw usageError(this.context.called, 'Container name cannot be empty');
    const { containers } = await this.engine();
    const changes = await containers.changes(args[0] ?? '');
    if (changes.length > 0) print(changes.map(({ kind, path }) => `${kind} ${path}`).join('\n'));
  }
}
