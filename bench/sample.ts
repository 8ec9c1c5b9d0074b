import { spawnSync } from 'node:child_process';

/** A command line to be timed, run as an ordinary user. */
export interface Command {
  readonly argv: readonly string[];
  /** Run before and after each sample, not timed. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** It measures itself, and prints the milliseconds. */
  readonly printed?: boolean;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Wall times in milliseconds of the rounds of one subject, in the order they were taken. */
export interface Series {
  readonly subject: string;
  readonly milliseconds: number[];
}

/** Runs a command as the user. @returns milliseconds @throws Error when it ends with a status other than 0 */
export function execute(argv: readonly string[], account: Account, printed = false): number {
  const [file = '', ...args] = argv;
  const start = process.hrtime.bigint();
  const { uid, gid, env } = account;
  const result = spawnSync(file, args, {
    uid,
    gid,
    env,
    cwd: env.HOME,
    stdio: ['ignore', printed ? 'pipe' : 'ignore', 'pipe'],
  });
  const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
  if (result.status !== 0) {
    throw new Error(
      `${argv.join(' ')} ended with ${result.status ?? result.signal}: ${result.stderr?.toString().trim() ?? result.error}`,
    );
  }
  return printed ? Number(result.stdout) : elapsed;
}

/**
 * Times all subjects in interleaved rounds, so that the machine's other load falls on each alike. The first round is a
 * warm-up and not kept.
 *
 * @throws Error when a command ends with a status other than 0: a figure of a failure is no figure.
 */
export function interleave(
  subjects: Readonly<Record<string, Command>>,
  rounds: number,
  account: Account,
): Series[] {
  const series = Object.keys(subjects).map((subject) => ({ subject, milliseconds: [] as number[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { subject, milliseconds } of series) {
      const command = subjects[subject];
      if (command === undefined) continue;
      if (command.before) execute(command.before, account);
      const elapsed = execute(command.argv, account, command.printed);
      if (command.after) execute(command.after, account);
      if (round > 0) milliseconds.push(elapsed);
    }
  }
  return series;
}
