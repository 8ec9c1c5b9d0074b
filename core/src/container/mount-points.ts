/** What a start itself makes in a root, as places to mount on; Docker keeps these out of `diff` and of images, too. Relative. */
export const MOUNT_POINTS: ReadonlySet<string> = new Set([
  'dev',
  'proc',
  'sys',
  'etc/hosts',
  'etc/hostname',
  'etc/resolv.conf',
]);
