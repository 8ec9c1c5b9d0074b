import type { Facts, Fitness } from '@wherry/sdk-assemblyscript/guest/types.ts';

/** File systems that can't hold the upper directory of an overlay: no d_type, no user attributes, or no RENAME_WHITEOUT. */
const UNFIT: string[] = [
  'nfs',
  'nfs4',
  'lustre',
  'gpfs',
  'beegfs',
  'cephfs',
  'cifs',
  'smb3',
  '9p',
  'afs',
  'vfat',
  'overlay',
];

export function fitness(facts: Facts): Fitness {
  if (!facts.kernelOverlay) {
    return {
      score: 0,
      reason: `Linux ${facts.kernel} mounts no overlay in a user namespace with userxattr (5.11 and later do)`,
    };
  }
  const filesystem = facts.stateFilesystem;
  if (UNFIT.includes(filesystem) || filesystem.startsWith('fuse')) {
    return { score: 0, reason: `the state lies on ${filesystem}, which an overlay cannot write to` };
  }
  return { score: 100, reason: `the kernel stacks the layers, on ${filesystem}` };
}
