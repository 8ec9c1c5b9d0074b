/** The switches by which a machine's administrator, or its distribution, forbids user namespaces. */
export interface UserNamespaceSettings {
  /** /proc/sys/user/max_user_namespaces */
  readonly maxUserNamespaces?: number;
  /** /proc/sys/kernel/unprivileged_userns_clone, of Debian's kernels */
  readonly unprivilegedClone?: number;
  /** /proc/sys/kernel/apparmor_restrict_unprivileged_userns, of Ubuntu since 23.10 */
  readonly apparmorRestrict?: number;
  /** Whether /proc/self/ns/user exists: the kernel was built with user namespaces. */
  readonly supported: boolean;
  readonly uid: number;
}

export type UserNamespaceSupport =
  | { readonly usable: true }
  | {
      readonly usable: false;
      /** A sentence on what stands in the way. */
      readonly reason: string;
      /** What an administrator, or the user, can do. */
      readonly hint: string;
    };

/** Decides by the settings alone; the launcher's clone(2) has the last word. */
export function userNamespaceSupport(settings: UserNamespaceSettings): UserNamespaceSupport {
  if (!settings.supported) {
    return no(
      'This kernel has no user namespaces.',
      'Use a kernel built with CONFIG_USER_NS=y; all distributions’ have it.',
    );
  }
  if (settings.maxUserNamespaces === 0) {
    return no(
      'User namespaces are switched off on this machine (user.max_user_namespaces is 0).',
      'Ask the administrator for: sysctl -w user.max_user_namespaces=15000',
    );
  }
  if (settings.uid === 0) return { usable: true };
  if (settings.unprivilegedClone === 0) {
    return no(
      'User namespaces are for root only on this machine (kernel.unprivileged_userns_clone is 0).',
      'Ask the administrator for: sysctl -w kernel.unprivileged_userns_clone=1',
    );
  }
  if (settings.apparmorRestrict !== undefined && settings.apparmorRestrict !== 0) {
    return no(
      'AppArmor gives programs in user namespaces no privileges on this machine (kernel.apparmor_restrict_unprivileged_userns is 1).',
      'Ask the administrator for an AppArmor profile with “userns,” for the launcher, or: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    );
  }
  return { usable: true };
}

function no(reason: string, hint: string): UserNamespaceSupport {
  return { usable: false, reason, hint };
}
