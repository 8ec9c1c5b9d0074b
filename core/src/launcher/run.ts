import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { EXIT, WherryError } from '../errors/error.ts';
import { explainFailure, parseFailure } from './failure.ts';

/** A process that the launcher has to do with, told apart from later ones with the same id. */
export interface TargetProcess {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

interface Ended {
  /** Exit status; 128 and the number for a signal. */
  readonly status: number;
  readonly stderr: string;
  /** What it wrote to the descriptor of failures. */
  readonly failures: string;
}

const FAILURES_FD = 3;

function run(file: string, args: readonly string[], signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: { WHERRY_LAUNCHER_ERRORS: String(FAILURES_FD) },
      ...(signal === undefined ? {} : { signal }),
    });
    const stderr = collect(child.stderr);
    const failures = collect(child.stdio[FAILURES_FD] as Readable | null);
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status: status ?? EXIT.engine, stderr: stderr(), failures: failures() }),
    );
  });
}

function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/**
 * Runs a launch program that has the setting `detach`: answers once the command has been executed.
 * @throws WherryError with Docker's exit status when it could not be. `command` is the first word of what is to be run.
 */
export async function runDetached(
  launcher: string,
  program: string,
  command: string,
  mode: 'run' | 'exec' = 'run',
): Promise<void> {
  const { status, stderr, failures } = await run(launcher, [mode, program]);
  if (status === 0) return;
  const failure = parseFailure(failures);
  if (failure !== undefined) throw explainFailure(failure, command);
  const what = mode === 'run' ? "The container can't be started" : "The command can't be executed";
  throw new WherryError(`${what}: ${stderr.trim() || `the launcher ended with status ${status}`}.`, {
    code: 'E_START_FAILED',
    hint: 'wherry info   says what this machine permits.',
    exitCode: EXIT.engine,
  });
}

/**
 * Has the launcher carry out the network operations of a program, in the user's namespace that its settings describe.
 * @throws WherryError `E_NETWORK_FAILED`
 */
export async function runNetwork(launcher: string, program: string, what: string): Promise<void> {
  const { status, stderr, failures } = await run(launcher, ['ns', program, 'network']);
  if (status === 0) return;
  const reason =
    parseFailure(failures)?.detail || stderr.trim() || `the launcher ended with status ${status}`;
  throw new WherryError(`${what}: ${reason}.`, {
    code: 'E_NETWORK_FAILED',
    hint: 'Nothing was changed; wherry info   says what this machine permits.',
  });
}

/**
 * Sends a signal by its number, perhaps with a value as sigqueue(3) does.
 * @returns whether the process was there to get it
 */
export async function sendSignal(
  launcher: string,
  target: TargetProcess,
  signal: number,
  value?: number,
): Promise<boolean> {
  const extra = value === undefined ? [] : [String(value)];
  const args = ['signal', String(target.pid), target.startTime, String(signal), ...extra];
  const { status, stderr } = await run(launcher, args);
  if (status > 1) throw new Error(`the launcher could not send a signal: ${stderr.trim()}`);
  return status === 0;
}

/** Waits until a process has ended. @returns false when `signal` aborted the wait. */
export async function waitForProcess(
  launcher: string,
  target: TargetProcess,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await run(launcher, ['wait', String(target.pid), target.startTime], signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}

/** Waits at a container's attach socket for its end. @returns the exit status that the monitor reports. */
export async function waitForStatus(launcher: string, directory: string): Promise<number> {
  const streams = ['--no-stdin', '--no-stdout', '--no-stderr', '--sig-proxy', '0'];
  const { status } = await run(launcher, ['attach', directory, ...streams]);
  return status;
}
