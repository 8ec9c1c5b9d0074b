import type { SeccompArg, SeccompCondition, SeccompProfile, SeccompRule } from './profile.ts';

/**
 * What a container may call unless told otherwise: equal in effect to the default profile of Docker Engine 28.
 * It is an allow list; all else is EPERM, and calls newer than the list are ENOSYS, as runc makes them.
 * A name counts on the ABIs that have it.
 */

const FILES = `
  open openat openat2 creat close close_range dup dup2 dup3 read readv pread64 preadv preadv2
  write writev pwrite64 pwritev pwritev2 lseek _llseek readahead fadvise64 fadvise64_64 fallocate
  truncate truncate64 ftruncate ftruncate64 sync syncfs fsync fdatasync sync_file_range cachestat
  sendfile sendfile64 splice tee vmsplice copy_file_range fcntl fcntl64 flock ioctl pipe pipe2
  stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64
  statmount listmount access faccessat faccessat2 getdents getdents64 readlink readlinkat
  link linkat symlink symlinkat rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir mknod mknodat
  chdir fchdir getcwd umask chmod fchmod fchmodat fchmodat2
  chown chown32 fchown fchown32 lchown lchown32 fchownat
  utime utimes futimesat utimensat utimensat_time64 name_to_handle_at
  getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
  listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
  inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark`;

const WAITING = `
  poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
  eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
  timerfd_settime64 io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
  futex futex_time64 futex_wait futex_wake futex_requeue futex_waitv get_robust_list set_robust_list`;

const MEMORY = `
  brk mmap mmap2 munmap mremap remap_file_pages mprotect msync madvise mincore membarrier mseal
  mlock mlock2 mlockall munlock munlockall pkey_alloc pkey_free pkey_mprotect
  memfd_create memfd_secret map_shadow_stack process_mrelease`;

const PROCESSES = `
  fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pause
  pidfd_open pidfd_send_signal getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address
  get_thread_area set_thread_area rseq restart_syscall prctl seccomp uname sysinfo times getcpu uretprobe
  riscv_hwprobe landlock_create_ruleset landlock_add_rule landlock_restrict_self
  getrlimit ugetrlimit setrlimit prlimit64 getrusage getpriority setpriority ioprio_get ioprio_set
  sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
  sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
  sched_rr_get_interval sched_rr_get_interval_time64
  rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn`;

const CREDENTIALS = `
  getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32
  getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
  setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32
  capget capset getrandom`;

const CLOCKS = `
  time gettimeofday nanosleep alarm getitimer setitimer adjtimex clock_adjtime clock_adjtime64
  clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
  timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64`;

const COMMUNICATION = `
  socketcall socketpair bind connect listen accept accept4 shutdown getsockname getpeername getsockopt setsockopt
  send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
  ipc semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget msgctl msgget msgrcv msgsnd
  mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend
  mq_timedsend_time64`;

/** What each capability opens, beyond what everybody has. */
const BY_CAPABILITY: readonly (readonly [capability: string, names: string])[] = [
  [
    'CAP_SYS_ADMIN',
    `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
     lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl
     quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`,
  ],
  ['CAP_SYS_PTRACE', 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace'],
  ['CAP_SYS_MODULE', 'init_module finit_module delete_module'],
  ['CAP_SYS_TIME', 'settimeofday stime clock_settime clock_settime64'],
  ['CAP_SYS_NICE', 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node'],
  ['CAP_SYS_RAWIO', 'iopl ioperm'],
  ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ['CAP_SYS_BOOT', 'reboot'],
  ['CAP_SYS_CHROOT', 'chroot'],
  ['CAP_SYS_PACCT', 'acct'],
  ['CAP_SYS_TTY_CONFIG', 'vhangup'],
  ['CAP_SYSLOG', 'syslog'],
  ['CAP_BPF', 'bpf'],
  ['CAP_PERFMON', 'perf_event_open'],
];

/** CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET of linux/sched.h. */
const CLONE_NEW_NAMESPACE = 0x7e020000n;
const AF_VSOCK = 40n;
/** PER_LINUX, PER_LINUX32, UNAME26, both, and the question "which is it now". */
const PERSONALITIES = [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn];
const ENOSYS = 38;

interface Condition {
  readonly args?: readonly SeccompArg[];
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}

function allow(names: string, { args = [], ...conditions }: Condition = {}): SeccompRule {
  return { names: names.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW', args, ...conditions };
}

const first = (op: SeccompArg['op'], value: bigint): { args: SeccompArg[] } => ({
  args: [{ index: 0, value, valueTwo: 0n, op }],
});

const WITHOUT_ADMIN: SeccompCondition = { caps: ['CAP_SYS_ADMIN'] };

export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    allow([FILES, WAITING, MEMORY, PROCESSES, CREDENTIALS, CLOCKS, COMMUNICATION].join(' ')),
    // Before 4.8 a tracer could get round the filter.
    allow('ptrace process_vm_readv process_vm_writev', { includes: { minKernel: { major: 4, minor: 8 } } }),
    allow('socket', first('SCMP_CMP_NE', AF_VSOCK)),
    ...PERSONALITIES.map((persona) => allow('personality', first('SCMP_CMP_EQ', persona))),
    allow('arch_prctl', { includes: { arches: ['amd64'] } }),
    allow('modify_ldt', { includes: { arches: ['amd64'] } }),
    allow('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls', {
      includes: { arches: ['arm64'] },
    }),
    ...BY_CAPABILITY.map(([capability, names]) => allow(names, { includes: { caps: [capability] } })),
    allow('clone', { ...first('SCMP_CMP_MASKED_EQ', CLONE_NEW_NAMESPACE), excludes: WITHOUT_ADMIN }),
    // Its flags lie in memory, where no filter sees them; told ENOSYS, C libraries fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, args: [], excludes: WITHOUT_ADMIN },
  ],
};
