import { spawn } from 'node:child_process';
import { closeSync, existsSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Where a process beside a monitor says `READY` once it listens; anything else is why it can't. */
export const READY = 'ready';
export const READY_FD = 3;

/**
 * What a process that serves a monitor's log does from beginning to end.
 * @param tells whether somebody waits to be told
 * @param serve its work until the monitor goes; `ready` is called when it listens
 */
export async function serveBeside(
  tells: boolean,
  serve: (ready: () => void) => Promise<void>,
): Promise<never> {
  let told = !tells;
  const tell = (text: string): void => {
    if (told) return;
    told = true;
    writeSync(READY_FD, text);
    closeSync(READY_FD);
  };
  try {
    await serve(() => tell(READY));
    process.exit(0);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/** A monitor that isn't there by then has come to nothing. */
const MONITOR_MS = 30_000;

/**
 * Starts a process that serves one monitor's log and ends with it. Its environment is empty, as when a monitor starts it anew.
 * @returns what it said, `READY` when all is well
 */
export function startBeside(argv: readonly string[]): Promise<string> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: {},
  });
  child.unref();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const told = child.stdio[READY_FD] as Readable;
    told.on('data', (chunk: Buffer) => chunks.push(chunk));
    told.on('end', () => resolve(Buffer.concat(chunks).toString()));
    child.on('error', reject);
  });
}

/**
 * Listens for the monitor, whose connection stays open for writing when it has said all.
 * @returns undefined when none has come in time
 */
export function awaitMonitor(socket: string, ready: () => void): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (monitor) => {
      clearTimeout(timer);
      // Removes the socket as well.
      server.close();
      resolve(monitor);
    });
    const timer = setTimeout(() => {
      server.close();
      resolve(undefined);
    }, MONITOR_MS);
    server.on('error', reject);
    // One that was killed has left it; a container has one monitor at a time.
    rmSync(socket, { force: true });
    server.listen(socket, ready);
  });
}

/**
 * The command line of such a process: Node.js, finding its libraries where this one found its own, as monitors have no
 * environment to pass on. The program is `built` beside the bundle in a package, the source in a checkout.
 */
export function commandBeside(directory: string, built: string, config: object): readonly string[] {
  const file = join(directory, built);
  const program = existsSync(file) ? file : join(directory, 'main.ts');
  const libraries = process.env.LD_LIBRARY_PATH;
  const command = [process.execPath, program, JSON.stringify(config)];
  return libraries ? ['/usr/bin/env', `LD_LIBRARY_PATH=${libraries}`, ...command] : command;
}
