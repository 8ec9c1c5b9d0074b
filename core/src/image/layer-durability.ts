import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../store/database.ts';
import { thisProcess } from '../store/owner.ts';
import type { Store } from '../store/store.ts';

/**
 * Which layers are known to have reached the disk. Blobs are fsynced one by one, a layer's thousands of files are not: a power cut
 * in the next half minute may leave some of them empty, and no error would tell.
 *
 * So a layer's row keeps a moment, `BOOT-ID.MS` with the milliseconds since that boot, in its column `unsynced`. After a command that
 * brought layers, a process in the background does a syncfs(2) and then makes a file named like the moment at which it was started:
 * a mark. Whatever was committed before a mark is on the disk. A moment of another boot that no mark came after is in doubt: the
 * layer counts as absent, and its files are written anew from its blob.
 */
export class LayerDurability {
  readonly #database: Database;
  readonly #directory: string;
  readonly #boot: string;

  /** @param boot id of the running kernel's boot (random(4)) */
  constructor({ database, paths }: Pick<Store, 'database' | 'paths'>, boot = thisProcess().bootId) {
    this.#database = database;
    this.#directory = join(paths.root, 'cache', 'synced');
    this.#boot = boot;
  }

  /** The present moment, for a layer whose files have been written; moments of one boot are ordered as text. */
  now(): string {
    return `${this.#boot}.${String(process.hrtime.bigint() / 1_000_000n).padStart(15, '0')}`;
  }

  /** Whether a layer that was committed at this moment is in doubt. */
  isDoubtful(unsynced: string | null): boolean {
    return unsynced !== null && !unsynced.startsWith(`${this.#boot}.`);
  }

  /** Whether any layer is in doubt, after the marks have been looked at. One query when there is nothing to look at. */
  anyDoubtful(): boolean {
    const some = (): boolean =>
      this.#database.get(
        'SELECT 1 FROM layer WHERE unsynced IS NOT NULL AND substr(unsynced, 1, ?) <> ? LIMIT 1',
        this.#boot.length + 1,
        `${this.#boot}.`,
      ) !== undefined;
    if (!some()) return false;
    this.takeMarks();
    return some();
  }

  /** Takes what the marks say into the database, and removes them. */
  takeMarks(): void {
    for (const mark of this.#marks()) {
      this.#database.run(
        'UPDATE layer SET unsynced = NULL WHERE unsynced <= ?1 AND substr(unsynced, 1, ?2) = substr(?1, 1, ?2)',
        mark,
        mark.lastIndexOf('.') + 1,
      );
      rmSync(join(this.#directory, mark), { force: true });
    }
  }

  /** Has the launcher write to the disk all that there is now, and leave a mark. Nobody waits for it. */
  async confirm(launcher: string, directory: string): Promise<void> {
    this.takeMarks();
    const open = this.#database.get('SELECT 1 FROM layer WHERE unsynced IS NOT NULL LIMIT 1');
    if (open === undefined) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const mark = join(this.#directory, this.now());
    // Not loaded by the many commands that only ask.
    const { spawn } = await import('node:child_process');
    const child = spawn(launcher, ['sync', directory, mark], { detached: true, stdio: 'ignore' });
    // Without a mark, the layers stay in doubt after the next boot: no harm, and nothing that this command could do about it.
    child.on('error', () => undefined);
    child.unref();
  }

  #marks(): readonly string[] {
    try {
      return readdirSync(this.#directory).filter((name) => /^[0-9a-f-]{36}\.\d{15}$/.test(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
