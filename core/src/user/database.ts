/** A line of passwd(5), as far as a container's process needs it. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The texts come from an image, so from a stranger: no more than this of each is looked at, in characters. */
export const DATABASE_LIMIT = 4 * 1024 * 1024;

/** As in Docker, ids from 2^31 up are refused. */
export const ID_MAX = 0x7fffffff;

/** Reads /etc/passwd; lines that aren't of its form are skipped. */
export function parsePasswd(text: string): PasswdEntry[] {
  return records(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) => {
    const ids = [parseId(uid), parseId(gid)] as const;
    return name === '' || ids[0] === undefined || ids[1] === undefined
      ? []
      : [{ name, uid: ids[0], gid: ids[1], home }];
  });
}

/** Reads /etc/group; lines that aren't of its form are skipped. */
export function parseGroup(text: string): GroupEntry[] {
  return records(text).flatMap(([name = '', , gid = '', members = '']) => {
    const id = parseId(gid);
    return name === '' || id === undefined
      ? []
      : [{ name, gid: id, members: members.split(',').filter((m) => m !== '') }];
  });
}

/** A plain decimal id up to ID_MAX, else undefined. */
export function parseId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : undefined;
}

function records(text: string): string[][] {
  const whole =
    text.length <= DATABASE_LIMIT ? text : text.slice(0, text.lastIndexOf('\n', DATABASE_LIMIT) + 1);
  return whole
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
