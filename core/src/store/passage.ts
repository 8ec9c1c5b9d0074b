import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The topmost directory on the way to `path`, or that itself, that somebody who isn't its owner and not of its group can't pass
 * through, links followed; undefined when there is none. For root's containers, whose ids belong to nobody: what root itself may do says nothing of them.
 * @param own whether they have the rights of root to a file, because its ids are theirs
 */
export function closedParent(path: string, own: (stat: Stats) => boolean): string | undefined {
  const closed: string[] = [];
  for (let at = realpathSync(path); at !== '/'; at = dirname(at)) {
    const stat = statSync(at);
    if (stat.isDirectory() && (stat.mode & 0o001) === 0 && !own(stat)) closed.push(at);
  }
  return closed.at(-1);
}
