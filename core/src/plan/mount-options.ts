import { demand } from './refusal.ts';

/**
 * Options of overlay that a driver may give. What names paths (`lowerdir`, `upperdir`, `workdir`, `datadir`) is built from
 * the plan's locations instead; `metacopy=on` and `redirect_dir=on` would follow what the container's own files say.
 */
const OVERLAY: readonly string[] = [
  'userxattr',
  'volatile',
  'index=off',
  'metacopy=off',
  'nfs_export=off',
  'redirect_dir=off',
  'redirect_dir=nofollow',
  'uuid=off',
  'uuid=null',
  'uuid=auto',
  'xino=off',
  'xino=on',
  'xino=auto',
];

/** Refuses overlay options off the list, and a second one of a name. */
export function checkOverlayOptions(options: readonly string[]): void {
  const names = new Set<string>();
  for (const option of options) {
    demand(
      OVERLAY.includes(option),
      `the overlay option ${JSON.stringify(option)} isn't one that drivers may give`,
    );
    const name = option.split('=', 1)[0] ?? option;
    demand(!names.has(name), `the overlay option ${name} is given twice`);
    names.add(name);
  }
}
