import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Where a process beside a monitor says `READY` once it listens; anything else is why it can't. */
export const READY = 'ready';
export const READY_FD = 3;

/** A monitor that isn't there by then has come to nothing. */
const MONITOR_MS = 30_000;

/**
 * Starts a process that serves one monitor's log and ends with it.
 * @returns what it said, `READY` when all is well
 */
export function startBeside(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { ...env },
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
 * The command line of such a process: Node.js, finding its libraries where this one found its own. Monitors have no
 * environment to pass on.
 */
export function nodeCommand(...args: readonly string[]): readonly string[] {
  const libraries = process.env.LD_LIBRARY_PATH;
  const command = [process.execPath, ...args];
  return libraries ? ['/usr/bin/env', `LD_LIBRARY_PATH=${libraries}`, ...command] : command;
}

/** The file of such a process: `built` beside the bundle in a package, the source in a checkout. */
export function programBeside(directory: string, built: string): string {
  const file = join(directory, built);
  return existsSync(file) ? file : join(directory, 'main.ts');
}
