import { EXIT, WherryError } from '../errors/error.ts';

/** A failure line of the launcher (launcher/PROGRAM.md, "Failures"). */
export interface LauncherFailure {
  readonly phase: string;
  /** Counts from 0 within the section of the launch program. */
  readonly index: number;
  readonly operation: string;
  readonly errno: string;
  /** 125, 126 or 127. */
  readonly status: number;
  readonly path: string;
  readonly detail: string;
}

/** The first failure line in what the launcher reported; undefined when there is none. */
export function parseFailure(report: string): LauncherFailure | undefined {
  const line = report.split('\n').find((each) => each.startsWith('wherry-failure\t'));
  if (line === undefined) return undefined;
  const [, phase = '', index = '', operation = '', , errno = '', status = '', path = '', detail = ''] = line
    .split('\t')
    .map(unescapeField);
  return { phase, index: Number(index), operation, errno, status: Number(status), path, detail };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\t': '\t', '\\n': '\n', '\\\\': '\\' };

function unescapeField(field: string): string {
  return field.replace(/\\[tn\\]/g, (pair) => ESCAPES[pair] ?? pair);
}

/** What an errno means where a container is started, and what to do about it. */
const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: [
    'there is no space left, or a limit on user namespaces or inotify watches is used up',
    'Make room (wherry rmi, wherry rm), or ask the administrator about user.max_user_namespaces.',
  ],
  EDQUOT: ['the quota is used up', 'Remove images or containers that are no longer needed.'],
  EMFILE: ['too many files are open', 'Raise the limit with ulimit -n.'],
  ENFILE: ['too many files are open on this machine', 'Ask the administrator about fs.file-max.'],
  EAGAIN: ['too many processes are running', 'Raise the limit with ulimit -u, or end some.'],
  ENOMEM: ['there is not enough memory', 'End some programs, or ask for more memory.'],
  EROFS: ['the file system is read-only', 'Name a state directory elsewhere with WHERRY_ROOT.'],
  EPERM: ['the kernel does not permit it', 'wherry info   says what this machine permits.'],
  EACCES: ['permission is denied', 'Look at the permissions of the path.'],
  ENOENT: ['it is not there', 'Look whether the path exists.'],
  ENOSYS: [
    'this kernel lacks a system call that it takes',
    'Linux 5.10 or later is needed, and no seccomp filter that hides its system calls.',
  ],
  EBUSY: [
    'it is in use',
    'Try again, or look which container uses it, perhaps one of another machine with the same state directory.',
  ],
};

/** Turns a failure into the user's words, with Docker's exit status. `command` is the first word of what was to be run. */
export function explainFailure(failure: LauncherFailure, command: string): WherryError {
  const { status, path, detail, operation, errno } = failure;
  if (status === EXIT.notFound) {
    return new WherryError(
      `exec: "${command}": executable file not found in $PATH or no such file or directory.`,
      {
        code: 'E_COMMAND_NOT_FOUND',
        hint: "Give a command that the image has, by its path if it isn't in the image's PATH.",
        exitCode: EXIT.notFound,
      },
    );
  }
  const [reason, hint] = REASONS[errno] ?? [errno, 'wherry info   says what this machine permits.'];
  if (status === EXIT.notExecutable) {
    return new WherryError(`exec: "${command}": it can't be executed: ${detail || reason}.`, {
      code: 'E_COMMAND_NOT_EXECUTABLE',
      hint: 'Give an executable file that was built for this machine, not a directory.',
      exitCode: EXIT.notExecutable,
    });
  }
  const what = path === '' ? operation : `${operation} ${path}`;
  const message = detail === '' ? `The container can't be started: ${what}: ${reason}.` : sentence(detail);
  return new WherryError(message, { code: 'E_START_FAILED', hint, exitCode: EXIT.engine });
}

const sentence = (text: string): string => {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
};
