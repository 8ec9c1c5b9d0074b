import { Buffer } from 'node:buffer';
import { type KeptIds, keepIdMaps, toCommon } from '../idmap/keep-id.ts';
import { loginName } from '../platform/host.ts';
import type { ContainerOperation } from '../program/operation.ts';
import type { ContainerContext } from './context.ts';
import type { ContainerSpec } from './record.ts';
import type { UserFiles } from './user-files.ts';

type Machine = Pick<ContainerContext['machine'], 'idmap'>;

/** The operations by which a container with `--userns keep-id` gets its ids; of a start and of an `exec` alike. */
export function ownIdOperations(
  machine: Machine,
  { keepId }: Pick<ContainerSpec, 'keepId'>,
): readonly ContainerOperation[] {
  return keepId === undefined ? [] : [{ op: 'own-ids', ...keepIdMaps(machine.idmap, keepId) }];
}

/** Ids of the container as the common user namespace, in which files are written, has them. */
export function commonIds(
  machine: Machine,
  { keepId }: Pick<ContainerSpec, 'keepId'>,
  ids: KeptIds,
): { readonly uid: number; readonly gid: number } {
  if (keepId === undefined) return { uid: ids.uid, gid: ids.gid };
  const { uids, gids } = keepIdMaps(machine.idmap, keepId);
  return { uid: toCommon(uids, ids.uid), gid: toCommon(gids, ids.gid) };
}

/**
 * /etc/passwd and /etc/group with a line for the user, whose ids an image seldom knows: programs ask for the name and the
 * home of whoever they run as. A file that the image hasn't got is left out.
 */
export function knownUser(
  files: UserFiles,
  { keepId, workdir }: Pick<ContainerSpec, 'keepId' | 'workdir'>,
  login: string = ownLogin(),
): { readonly files: UserFiles; readonly operations: readonly ContainerOperation[] } {
  if (keepId === undefined) return { files, operations: [] };
  const { uid, gid } = keepId;
  const passwd = withLine(files.passwd, uid, login, (name) => `${name}:x:${uid}:${gid}::${workdir}:/bin/sh`);
  const group = withLine(files.group, gid, login, (name) => `${name}:x:${gid}:`);
  const changed = { passwd, group };
  const operations = (['passwd', 'group'] as const)
    .filter((name) => changed[name] !== files[name])
    .map(
      (name) =>
        ({
          op: 'rootfs-file',
          path: `/etc/${name}`,
          mode: 0o644,
          content: Buffer.from(changed[name]),
        }) as const,
    );
  return { files: changed, operations };
}

/** Both files have the name first and the id third. */
function withLine(text: string, id: number, login: string, line: (name: string) => string): string {
  const entries = text.split('\n').map((each) => each.split(':'));
  if (text === '' || entries.some((fields) => fields[2] === String(id))) return text;
  const name = entries.some((fields) => fields[0] === login) ? `user${id}` : login;
  return `${text}${text.endsWith('\n') ? '' : '\n'}${line(name)}\n`;
}

function ownLogin(): string {
  try {
    return loginName(process.getuid?.() ?? 0);
  } catch {
    // A cluster's user without an entry of its own.
    return `user${process.getuid?.() ?? 0}`;
  }
}
