import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EXIT, WherryError } from '../errors/error.ts';
import type { ContainerContext } from './context.ts';
import { containerProcesses } from './processes.ts';
import { requireRunning } from './running.ts';

/**
 * The processes of a container as the host's ps(1) shows them.
 * @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_PS`
 */
export async function containerTop(
  context: ContainerContext,
  id: string,
  options: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const { init } = requireRunning(context, id);
  const pids = containerProcesses(id, init.pid);
  const words = options.length === 0 ? ['-ef'] : options;
  // As Docker: told whose rows are wanted, ps passes over none for its user or terminal; not all options go with that.
  const text = await ps([...words, `-q${pids.join(',')}`], context.env).catch((error: unknown) => {
    if (error instanceof WherryError) return ps(words, context.env);
    throw error;
  });
  return selectRows(text, new Set(pids));
}

/** The title row and the rows of these processes, in words; the last column has all that is left of its line. */
export function selectRows(text: string, pids: ReadonlySet<number>): readonly (readonly string[])[] {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const titles = wordsOf(first);
  const column = titles.indexOf('PID');
  if (column < 0) {
    throw new WherryError("Couldn't find PID field in ps output", {
      code: 'E_PS',
      hint: 'Choose options of ps(1) that print the column PID.',
      exitCode: EXIT.failure,
    });
  }
  const rows = lines
    .map((line) => {
      const all = wordsOf(line);
      return [...all.slice(0, titles.length - 1), all.slice(titles.length - 1).join(' ')];
    })
    .filter((row) => pids.has(Number(row[column])));
  return [titles, ...rows];
}

const wordsOf = (line: string): string[] => line.trim().split(/\s+/);

async function ps(options: readonly string[], env: ContainerContext['env']): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', [...options], {
      env: { ...env, LC_ALL: 'C', COLUMNS: '4096' },
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (cause) {
    const { code, stderr } = cause as { readonly code?: unknown; readonly stderr?: string };
    const missing = code === 'ENOENT';
    throw new WherryError(
      missing
        ? 'This machine has no ps, by which processes are listed.'
        : stderr?.trim().split('\n', 1)[0] || 'ps failed',
      {
        code: 'E_PS',
        hint: missing
          ? 'Install the package procps, or run ps inside: wherry exec CONTAINER ps.'
          : 'See ps(1) for its options.',
        exitCode: EXIT.failure,
        cause,
      },
    );
  }
}
