import { Buffer } from 'node:buffer';
import { usernsError } from '../idmap/error.ts';
import { type Extent, splitByParent } from '../idmap/extent.ts';
import { type KeptIds, keepIdMaps, toCommon } from '../idmap/keep-id.ts';
import type { PrivateIds } from '../idmap/private-ids.ts';
import { loginName } from '../platform/host.ts';
import type { ContainerOperation, PrepareStep } from '../program/operation.ts';
import type { ContainerContext } from './context.ts';
import type { ContainerSpec } from './record.ts';
import type { UserFiles } from './user-files.ts';

type Machine = Pick<ContainerContext['machine'], 'idmap'>;

type OwnIds = Pick<ContainerSpec, 'keepId' | 'ids'>;

/** The operations by which a container gets ids of its own (`--userns`); of a start and of an `exec` alike. */
export function ownIdOperations(machine: Machine, { keepId, ids }: OwnIds): readonly ContainerOperation[] {
  if (ids !== undefined) return [{ op: 'own-ids', ...mapsInForce(machine.idmap, ids), namespaces: true }];
  return keepId === undefined ? [] : [{ op: 'own-ids', ...keepIdMaps(machine.idmap, keepId) }];
}

/** The maps cut as the kernel wants them, should the user's ids be others by now than when the container was made. */
function mapsInForce({ uids, gids }: Machine['idmap'], ids: PrivateIds) {
  const count = (map: readonly Extent[]) => map.reduce((sum, extent) => sum + extent.count, 0);
  const maps = { uids: splitByParent(ids.uids, uids), gids: splitByParent(ids.gids, gids) };
  if (count(maps.uids) === count(ids.uids) && count(maps.gids) === count(ids.gids)) return maps;
  throw usernsError(
    'The container has subordinate ids that you had when it was made, and have no more.',
    'Have the administrator grant as many as before, or make the container anew; `wherry info` tells what you have.',
  );
}

/** The container's root in the common namespace, where that isn't the user. */
export function privateRoot({ ids }: OwnIds): { readonly uid: number; readonly gid: number } | undefined {
  return ids && { uid: toCommon(ids.uids, 0), gid: toCommon(ids.gids, 0) };
}

/** What has the files belong to the container's root that are made for it in the common namespace. */
export function ownerOperations(spec: OwnIds): readonly ContainerOperation[] {
  const owner = privateRoot(spec);
  return owner === undefined ? [] : [{ op: 'files-as', ...owner }];
}

/**
 * The steps of preparation, with the directory that becomes the container's root given to its root.
 * @param root the tree that the container writes to
 */
export function withOwnedRoot<Step extends { readonly do: PrepareStep['do'] }>(
  steps: readonly Step[],
  spec: OwnIds,
  root: string | undefined,
): readonly Step[] {
  const owner = privateRoot(spec);
  if (owner === undefined) return steps;
  return steps.map((step) =>
    step.do.op === 'make-dir' && step.do.path === root ? { ...step, do: { ...step.do, ...owner } } : step,
  );
}

/** Ids of the container as the common user namespace, in which files are written, has them. */
export function commonIds(
  machine: Machine,
  { keepId, ids }: OwnIds,
  { uid, gid }: KeptIds,
): { readonly uid: number; readonly gid: number } {
  if (keepId === undefined && ids === undefined) return { uid, gid };
  const { uids, gids } = ids ?? keepIdMaps(machine.idmap, keepId ?? { uid, gid });
  return { uid: toCommon(uids, uid), gid: toCommon(gids, gid) };
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

export function ownLogin(): string {
  try {
    return loginName(process.getuid?.() ?? 0);
  } catch {
    // A cluster's user without an entry of its own.
    return `user${process.getuid?.() ?? 0}`;
  }
}
