import { type FSWatcher, watch } from 'node:fs';

/** Changes in directories, seen through inotify(7). */
export interface Changes extends Disposable {
  /** Resolves at the first change since the last call, at once when there was one already, or after `quiet`. */
  next(): Promise<void>;
}

/**
 * Watches directories. `quiet` (milliseconds) bounds a wait in which nothing changes: a monitor that was killed writes no
 * last word, so whoever waits for one has to look again now and then.
 */
export function awaitChanges(
  directories: readonly string[],
  signal?: AbortSignal,
  quiet: number = 1000,
): Changes {
  let changed = false;
  let wake: (() => void) | undefined;
  const notice = (): void => {
    changed = true;
    wake?.();
  };
  const watchers = directories.flatMap((directory) => watchDirectory(directory, notice) ?? []);
  signal?.addEventListener('abort', notice);
  return {
    async next() {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, quiet);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = undefined;
      changed = false;
    },
    [Symbol.dispose]() {
      signal?.removeEventListener('abort', notice);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** @returns undefined when the directory has gone, or when inotify's watches are used up; then `quiet` has to do. */
function watchDirectory(directory: string, notice: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: true }, notice);
    watcher.on('error', notice);
    return watcher;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOSPC' || code === 'EMFILE') {
      notice();
      return undefined;
    }
    throw error;
  }
}
