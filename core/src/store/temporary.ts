import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type Owner, thisProcess } from './owner.ts';
import { directoryMode } from './private-directory.ts';
import { randomHex } from './random.ts';

/** Unfinished files: `tmp/PID.START-TIME.BOOT-ID.NUMBER/`, which anybody may remove once that process is gone. */
export class Temporary {
  readonly #directory: string;
  #made: string | undefined;

  /** @param directory `StatePaths.temporary` */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A new path for a file or directory, on the file system of the state directory. */
  path(): string {
    this.#made ??= this.#make();
    return join(this.#made, randomHex(8));
  }

  /** Removes the directory with all in it. */
  clear(): void {
    if (this.#made !== undefined) rmSync(this.#made, { recursive: true, force: true });
    this.#made = undefined;
  }

  #make(): string {
    const path = join(this.#directory, `${nameOf(thisProcess())}.${randomHex(4)}`);
    mkdirSync(path, { recursive: true });
    // Whatever the umask is. What root makes for its containers lies here, too.
    chmodSync(path, directoryMode(process.geteuid?.() ?? 0));
    return path;
  }
}

/** Removes what dead processes left in `tmp/`. */
export function collectTemporary(directory: string): void {
  for (const path of abandonedTemporary(directory)) rmSync(path, { recursive: true, force: true });
}

/** What is in `tmp/` of no living process. */
export function abandonedTemporary(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => {
      const owner = parseName(name);
      return owner === undefined || !isAlive(owner);
    })
    .map((name) => join(directory, name));
}

function nameOf({ pid, startTime, bootId }: Owner): string {
  return `${pid}.${startTime}.${bootId}`;
}

function parseName(name: string): Owner | undefined {
  const [pid, startTime, bootId, number] = name.split('.');
  if (pid === undefined || startTime === undefined || bootId === undefined || number === undefined)
    return undefined;
  return { pid: Number(pid), startTime, bootId };
}
