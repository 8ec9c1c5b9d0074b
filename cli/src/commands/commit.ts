import * as Flags from '@oclif/core/flags';
import type { Containers } from '@wherry/core/api';
import { WherryError } from '@wherry/core/errors';
import { parseReference } from '@wherry/core/reference';
import { BaseCommand } from '../base-command.ts';
import { interruptible } from '../interrupt.ts';
import { stderrMeter } from '../progress/meter.ts';
import { print, printError } from '../terminal/output.ts';

export default class Commit extends BaseCommand {
  static override id = 'commit';
  static override summary = "Create a new image from a container's changes";
  static override usage = '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]';
  static override examples = [
    'wherry commit web me/web:1.0',
    "wherry commit -m 'with a page' -a 'Ada <ada@lan>' web me/web:1.1",
  ];
  static override arity = { min: 1, max: 2 };
  static override completes = 'containers' as const;
  static override flags = {
    author: Flags.string({
      char: 'a',
      helpValue: 'string',
      summary: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    }),
    change: Flags.string({
      char: 'c',
      multiple: true,
      helpValue: 'list',
      summary: 'Apply Dockerfile instruction to the created image',
    }),
    message: Flags.string({ char: 'm', helpValue: 'string', summary: 'Commit message' }),
    pause: Flags.boolean({ char: 'p', default: true, summary: 'Pause container during commit' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Commit.flags);
    const [container = ''] = args;
    // Docker takes an empty name for none.
    const reference = args[1] || undefined;
    if (reference !== undefined) parseReference(reference);
    const { images, containers } = await this.engine();
    const paused = flags.pause && (await pause(containers, container));
    const meter = stderrMeter(container, 'Committing');
    const id = await interruptible((signal) =>
      images.commit({
        container,
        changes: flags.change ?? [],
        signal,
        onProgress: meter.say,
        ...(reference === undefined ? {} : { reference }),
        ...(flags.author === undefined ? {} : { author: flags.author }),
        ...(flags.message === undefined ? {} : { message: flags.message }),
      }),
    ).finally(async () => {
      meter.end();
      if (paused) await containers.unpause(container);
    });
    print(id);
  }
}

/** So that files don't change while they are read. Answers whether it was done: where nothing can be paused, it goes on without. */
async function pause(containers: Containers, container: string): Promise<boolean> {
  const id = containers.find(container);
  if (containers.list({}).find((each) => each.id === id)?.state !== 'running') return false;
  try {
    await containers.pause(id);
    return true;
  } catch (error) {
    if (!(error instanceof WherryError) || error.code !== 'E_NO_CGROUP') throw error;
    printError('WARNING: the container has no cgroup of its own and runs on during the commit');
    return false;
  }
}
