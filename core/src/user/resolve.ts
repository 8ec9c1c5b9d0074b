import { WherryError } from '../errors/error.ts';
import { type GroupEntry, ID_MAX, type PasswdEntry, parseGroup, parseId, parsePasswd } from './database.ts';

export interface UserRequest {
  /** `-u`, or the image's USER: `user[:group]`, each a name or a number; empty for root. */
  readonly user: string;
  /** `--group-add`: names or numbers. */
  readonly groupAdd: readonly string[];
  /** The container's /etc/passwd and /etc/group; empty when it has none. */
  readonly passwd: string;
  readonly group: string;
}

/** The identity of a container's process, in the container's ids. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, ascending, each once. */
  readonly groups: readonly number[];
  /** For HOME, unless the environment has one. */
  readonly home: string;
}

/**
 * Finds out whom `-u` means, as Docker does: digits are always an id, which needn't be in /etc/passwd; a user
 * brings the groups that list it as a member, but not when a group is given as well; an id without an entry has group 0
 * and home `/`.
 *
 * @throws WherryError `E_USER_NOT_FOUND`, `E_GROUP_NOT_FOUND`, `E_USER_INVALID`, with exit status 125.
 */
export function resolveUser(request: UserRequest): ProcessUser {
  const colon = request.user.indexOf(':');
  const userPart = colon < 0 ? request.user : request.user.slice(0, colon);
  const groupPart = colon < 0 ? '' : request.user.slice(colon + 1);
  const groups = parseGroup(request.group);
  const entry = findUser(userPart, parsePasswd(request.passwd));
  const uid = entry?.uid ?? (userPart === '' ? 0 : parseId(userPart));
  if (uid === undefined) throw userNotFound(userPart);
  const gid = groupPart === '' ? (entry?.gid ?? 0) : findGroup(groupPart, groups);
  const memberOf =
    groupPart === '' && entry !== undefined
      ? groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
      : [];
  const added = request.groupAdd.map((text) => findGroup(text, groups));
  return {
    uid,
    gid,
    groups: [...new Set([...memberOf, ...added])].sort((a, b) => a - b),
    home: entry === undefined || entry.home === '' ? '/' : entry.home,
  };
}

function findUser(text: string, entries: readonly PasswdEntry[]): PasswdEntry | undefined {
  if (text !== '' && !isNumber(text)) return entries.find((entry) => entry.name === text);
  const uid = text === '' ? 0 : checkedId(text, 'user');
  return entries.find((entry) => entry.uid === uid);
}

function findGroup(text: string, entries: readonly GroupEntry[]): number {
  if (isNumber(text)) return checkedId(text, 'group');
  const entry = entries.find((group) => group.name === text);
  if (entry !== undefined) return entry.gid;
  throw new WherryError(`unable to find group ${text}: no matching entries in group file`, {
    code: 'E_GROUP_NOT_FOUND',
    hint: 'Give the group as a number, which needs no entry, or add it to the image’s /etc/group.',
  });
}

const isNumber = (text: string): boolean => /^[+-]?\d+$/.test(text);

function checkedId(text: string, kind: 'user' | 'group'): number {
  const id = parseId(text);
  if (id !== undefined) return id;
  throw new WherryError(`The ${kind} id ${text} isn’t from 0 to ${ID_MAX}.`, {
    code: 'E_USER_INVALID',
    hint: `Give a ${kind} of the image by its name, or a smaller number.`,
  });
}

function userNotFound(name: string): WherryError {
  return new WherryError(`unable to find user ${name}: no matching entries in passwd file`, {
    code: 'E_USER_NOT_FOUND',
    hint: 'Give the user as a number, which needs no entry, or choose one of the image’s /etc/passwd.',
  });
}
