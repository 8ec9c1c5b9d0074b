import type { BindMount, OverlayMount, TmpfsMount, WriteFile } from '../plugin/contract.ts';
import type { Grants } from './grants.ts';
import { checkLocation } from './location.ts';
import { checkOverlayOptions } from './mount-options.ts';
import { demand } from './refusal.ts';

type Kind = 'storage' | 'network' | 'log';

/** overlay takes no more layers than this (`OVL_MAX_STACK`). */
const MAX_LOWER = 500;
/** A file that a plan carries is a small one: configuration, not content. */
const MAX_CONTENT = 1024 * 1024;

/** The bits of chmod(2), set-uid, set-gid and sticky included. */
export function checkMode(mode: number): void {
  demand(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777, `${mode} is no file mode`);
}

/** A size in bytes, in decimal digits. */
export function checkSize(size: string): void {
  demand(/^\d{1,18}$/.test(size), `${JSON.stringify(size)} is no size in bytes`);
}

export function checkWriteFile(file: WriteFile, kind: Kind, grants: Grants): void {
  checkLocation(kind, file.at, 'change', grants);
  checkMode(file.mode);
  demand(file.content.length <= MAX_CONTENT, 'a file to be written is larger than 1 MiB');
}

export function checkOverlay(mount: OverlayMount, kind: Kind, grants: Grants): void {
  demand(mount.lower.length > 0, 'an overlay has no lower directory');
  demand(mount.lower.length <= MAX_LOWER, `an overlay has more than ${MAX_LOWER} lower directories`);
  for (const lower of mount.lower) checkLocation(kind, lower, 'source', grants);
  demand(
    (mount.upper === undefined) === (mount.work === undefined),
    'an overlay has an upper directory or a work directory, and not both',
  );
  if (mount.upper !== undefined) checkLocation(kind, mount.upper, 'change', grants);
  if (mount.work !== undefined) checkLocation(kind, mount.work, 'change', grants);
  checkLocation(kind, mount.target, 'mountpoint', grants);
  demand(mount.target.path === 'rootfs', 'an overlay has to be mounted at container:rootfs');
  checkOverlayOptions(mount.options);
}

export function checkBind(mount: BindMount, kind: Kind, grants: Grants): void {
  checkLocation(kind, mount.source, 'source', grants);
  checkLocation(kind, mount.target, 'mountpoint', grants);
}

export function checkTmpfs(mount: TmpfsMount, kind: Kind, grants: Grants): void {
  checkLocation(kind, mount.target, 'mountpoint', grants);
  demand(mount.target.path !== 'rootfs', 'a tmpfs as the root file system is not supported');
  checkSize(mount.size);
  checkMode(mount.mode);
}
