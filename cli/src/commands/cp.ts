import { createReadStream } from 'node:fs';
import path from 'node:path';
import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { usageError } from '../flags/usage-error.ts';
import { isTerminal, printError, STDERR, STDIN, STDOUT, write } from '../terminal/output.ts';

export default class Cp extends BaseCommand {
  static override id = 'cp';
  static override summary = 'Copy files/folders between a container and the local filesystem';
  static override usage = [
    '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-',
    '[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  ];
  static override examples = [
    'wherry cp web:/etc/nginx/nginx.conf .',
    'wherry cp page.html web:/usr/share/nginx/html/',
    'wherry cp - web:/srv < site.tar',
  ];
  static override arity = { min: 2, max: 2 };
  static override completes = 'containers' as const;
  static override flags = {
    archive: Flags.boolean({ char: 'a', summary: 'Archive mode (copy all uid/gid information)' }),
    'follow-link': Flags.boolean({ char: 'L', summary: 'Always follow symbol link in SRC_PATH' }),
    quiet: Flags.boolean({ char: 'q', summary: 'Suppress progress output during copy' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Cp.flags);
    const [from, to] = args.map(parsePlace);
    if (from === undefined || to === undefined) throw new Error('The arity says two.');
    const { called } = this.context;
    if (from.container !== undefined && to.container !== undefined)
      throw usageError(called, 'copying between containers is not supported');
    const { containers } = await this.engine();
    const options = { followLink: flags['follow-link'], archive: flags.archive };
    if (from.container !== undefined) {
      const containerPath = from.path;
      if (to.path === '-') {
        if (isTerminal(STDOUT)) throw toTerminal();
        const archive = containers.readArchive(from.container, {
          containerPath,
          followLink: options.followLink,
        });
        for await (const piece of archive) write(STDOUT, piece);
        return;
      }
      await containers.copyFrom(from.container, { ...options, containerPath, hostPath: absolute(to.path) });
    } else if (to.container !== undefined) {
      const containerPath = to.path;
      if (from.path === '-') {
        await containers.writeArchive(
          to.container,
          containerPath,
          createReadStream('', { fd: STDIN, autoClose: false }),
        );
        return;
      }
      await containers.copyTo(to.container, { ...options, containerPath, hostPath: absolute(from.path) });
    } else throw usageError(called, 'must specify at least one container source');
    if (!flags.quiet && isTerminal(STDERR)) printError(`Successfully copied to ${args[1] ?? ''}`);
  }
}

interface Place {
  readonly container: string | undefined;
  readonly path: string;
}

/** `CONTAINER:PATH`, or a path of the host: one that begins with a slash or a dot, or has no colon. */
export function parsePlace(text: string): Place {
  const colon = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || colon <= 0) return { container: undefined, path: text };
  const inside = text.slice(colon + 1);
  // As Docker has it, paths of a container begin at its root.
  return { container: text.slice(0, colon), path: inside.startsWith('/') ? inside : `/${inside}` };
}

/** What its end means is kept: `/` and `/.`. */
function absolute(text: string): string {
  const end = /\/\.?$/.exec(text)?.[0] ?? (text === '.' ? '/.' : '');
  return path.resolve(text).replace(/\/$/, '') + end || '/';
}

function toTerminal(): WherryError {
  return new WherryError('refusing to write the archive to a terminal', {
    code: 'E_TERMINAL',
    hint: 'Redirect the output to a file, or name a directory.',
  });
}
