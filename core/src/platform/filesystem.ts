import { statfsSync } from 'node:fs';

/** linux/magic.h and the file systems' own headers: statfs(2)'s f_type. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x73717368, 'squashfs'],
  [0xe0f5e1e2, 'erofs'],
  [0x4d44, 'vfat'],
  [0x2011bab0, 'exfat'],
  [0x5346544e, 'ntfs'],
  [0x7366746e, 'ntfs3'],
  [0xf15f, 'ecryptfs'],
  [0x3153464a, 'jfs'],
  [0x52654973, 'reiserfs'],
  [0x6969, 'nfs'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x19830326, 'beegfs'],
  [0x00c36400, 'ceph'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x73757245, 'coda'],
  [0x20030528, 'pvfs2'],
  [0x013111a8, 'ibrix'],
  [0x7461636f, 'ocfs2'],
  [0x01161970, 'gfs2'],
  [0xaad7aaea, 'panfs'],
  [0xbacbacbc, 'vmhgfs'],
  [0x786f4256, 'vboxsf'],
]);

/**
 * Shared between machines, or served by a process of its own: without the locks, ids, xattrs or speed that Wherry's state
 * and layers need. FUSE counts, since what is behind it (sshfs, a cluster's client) can't be seen.
 */
const NETWORK: ReadonlySet<string> = new Set(
  'nfs lustre gpfs cifs smb2 smb afs beegfs ceph 9p fuse coda pvfs2 ibrix ocfs2 gfs2 panfs vmhgfs vboxsf'.split(
    ' ',
  ),
);

export interface FilesystemType {
  /** As in /proc/filesystems where it is known, else `0x…`, the magic number. */
  readonly name: string;
  readonly network: boolean;
}

/** Names a file system by statfs(2)'s f_type, which may come sign-extended. */
export function filesystemOfMagic(type: number | bigint): FilesystemType {
  const magic = Number(BigInt.asUintN(32, BigInt(type)));
  const name = NAMES.get(magic) ?? `0x${magic.toString(16)}`;
  return { name, network: NETWORK.has(name) };
}

/** The type of the file system a path lies on. Throws the errno's error when the path isn't there. */
export function filesystemOf(path: string): FilesystemType {
  return filesystemOfMagic(statfsSync(path, { bigint: true }).type);
}
