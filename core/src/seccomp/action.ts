import type { SeccompAction } from './profile.ts';

/** SECCOMP_RET_* of linux/seccomp.h. */
const RETURN: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

const EPERM = 1;
export const ENOSYS = 38;

/** The 32-bit value a filter returns for an action: the action in the upper half, errno or message in the lower. */
export function returnValue(action: SeccompAction, errnoRet?: number): number {
  if (action === 'SCMP_ACT_ERRNO') return RETURN[action] | ((errnoRet ?? EPERM) & 0xffff);
  if (action === 'SCMP_ACT_TRACE') return RETURN[action] | ((errnoRet ?? 0) & 0xffff);
  return RETURN[action];
}
