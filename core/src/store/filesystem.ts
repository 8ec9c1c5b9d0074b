import { statfsSync } from 'node:fs';

interface FilesystemType {
  readonly name: string;
  /** Whether files may be shared with other machines, or id maps and locks may not work as on a local disk. */
  readonly remote: boolean;
}

const local = (name: string): FilesystemType => ({ name, remote: false });
const remote = (name: string): FilesystemType => ({ name, remote: true });

/** By `f_type` of statfs(2); names are those of mount(8). */
const TYPES = new Map<number, FilesystemType>([
  [0xef53, local('ext4')],
  [0x58465342, local('xfs')],
  [0x9123683e, local('btrfs')],
  [0x01021994, local('tmpfs')],
  [0x858458f6, local('ramfs')],
  [0x794c7630, local('overlay')],
  [0x2fc12fc1, local('zfs')],
  [0xf2f52010, local('f2fs')],
  [0xca451a4e, local('bcachefs')],
  [0x3153464a, local('jfs')],
  [0x52654973, local('reiserfs')],
  [0x4d44, local('vfat')],
  [0x2011bab0, local('exfat')],
  [0x73717368, local('squashfs')],
  [0xe0f5e1e2, local('erofs')],
  [0x6969, remote('nfs')],
  [0x517b, remote('smb')],
  [0xff534d42, remote('cifs')],
  [0xfe534d42, remote('smb2')],
  [0x0bd00bd0, remote('lustre')],
  [0x47504653, remote('gpfs')],
  [0x19830326, remote('beegfs')],
  [0x00c36400, remote('ceph')],
  [0x5346414f, remote('afs')],
  [0x6b414653, remote('afs')],
  [0x73757245, remote('coda')],
  [0x01021997, remote('9p')],
  [0x20030528, remote('orangefs')],
  [0xaad7aaea, remote('panfs')],
  [0x7461636f, remote('ocfs2')],
  [0x01161970, remote('gfs2')],
  [0x013111a8, remote('ibrix')],
  [0x786f4256, remote('vboxsf')],
  [0xbacbacbc, remote('vmhgfs')],
  // sshfs, gluster and the like; none keeps the ids of a container.
  [0x65735546, remote('fuse')],
]);

/** The file system that `path`, which exists, lies on; an unknown one goes by its number and counts as local. */
export function filesystemOf(path: string): FilesystemType {
  const { type } = statfsSync(path);
  const unsigned = type >>> 0;
  return TYPES.get(unsigned) ?? local(`0x${unsigned.toString(16)}`);
}
