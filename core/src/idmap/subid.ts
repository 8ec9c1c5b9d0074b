import { ID_LIMIT } from './extent.ts';

/** A line of /etc/subuid or /etc/subgid (subuid(5)): `count` ids from `start` belong to `owner`. */
export interface SubidRange {
  /** A login name, or a user id in digits. */
  readonly owner: string;
  readonly start: number;
  readonly count: number;
}

export interface SubidFile {
  readonly ranges: readonly SubidRange[];
  /** One sentence a line that can't be used, with its number. */
  readonly problems: readonly string[];
}

/**
 * Reads /etc/subuid or /etc/subgid. A malformed line never stops the others from counting.
 *
 * @param path For the problems' text.
 */
export function parseSubid(text: string, path: string): SubidFile {
  const ranges: SubidRange[] = [];
  const problems: string[] = [];
  text.split('\n').forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const [owner = '', start = '', count = '', ...more] = trimmed.split(':');
    const range = { owner, start: number(start), count: number(count) };
    const sound =
      owner !== '' && more.length === 0 && range.count > 0 && range.start + range.count <= ID_LIMIT;
    if (sound) ranges.push(range);
    else problems.push(`Line ${index + 1} of ${path} isn’t NAME:START:COUNT: ${JSON.stringify(trimmed)}`);
  });
  return { ranges, problems };
}

/** The ranges of a user, by name or by number, in the file's order. */
export function rangesOf(
  file: SubidFile,
  user: { readonly name?: string; readonly uid: number },
): SubidRange[] {
  return file.ranges.filter(({ owner }) => owner === user.name || owner === String(user.uid));
}

/** NaN, which fails every comparison, for what isn't a plain number. */
function number(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
}
