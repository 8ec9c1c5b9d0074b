import type { ChildProcess } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';

export interface Result {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Without growth for so long, a file that is written to all the time has stopped. */
export const QUIET_MS = 150;

export function polling(pid: number | undefined): boolean {
  // poll(2) is number 7 on x86-64; arm64 has ppoll(2) alone, number 73.
  return /^(7|73|271) /.test(readFileSync(`/proc/${pid}/syscall`, 'utf8'));
}

export function watching(directory: string): { next(): Promise<void>; [Symbol.dispose](): void } {
  let wake: (() => void) | undefined;
  const watcher = watch(directory, () => wake?.());
  return {
    next: () => new Promise((resolve) => (wake = resolve)),
    [Symbol.dispose]: () => watcher.close(),
  };
}

/** Field 22 of /proc/PID/stat. */
export function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

export async function finished(child: ChildProcess): Promise<Result> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (data: Buffer) => stdout.push(data));
  child.stderr?.on('data', (data: Buffer) => stderr.push(data));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** Waits until the child has written something that matches. */
export async function output(child: ChildProcess, matches: RegExp): Promise<string> {
  let text = '';
  return await new Promise((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
      if (matches.test(text)) resolve(text);
    });
    child.on('close', () => reject(new Error(`ended after ${JSON.stringify(text)}`)));
  });
}
