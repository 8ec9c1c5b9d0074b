/** What flags of these names take, of whichever command, where it is one of few words. */
const WORDS: Readonly<Record<string, string>> = {
  'cap-add':
    'ALL AUDIT_CONTROL AUDIT_WRITE BPF CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL MKNOD NET_ADMIN NET_BIND_SERVICE NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_NICE SYS_PTRACE SYS_RESOURCE SYS_TIME',
  'cap-drop':
    'ALL AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
  cgroupns: 'host private',
  ipc: 'host none private shareable',
  'log-driver': 'fluentd gelf journald json-file k8s-file local none syslog',
  pid: 'host',
  platform: 'linux/amd64 linux/arm64',
  pull: 'always missing never',
  restart: 'always no on-failure unless-stopped',
  signal: 'CONT HUP INT KILL QUIT STOP TERM USR1 USR2 WINCH',
  'stop-signal': 'HUP INT KILL QUIT TERM USR1 USR2 WINCH',
  type: 'container image network volume',
  userns: 'auto host keep-id nomap',
  uts: 'host private',
};

/** Words that a flag may take. */
export function flagWords(long: string): readonly string[] {
  return WORDS[long]?.split(' ') ?? [];
}

/** What lists the names that a flag may take, at completion time. */
export const FLAG_LISTS: Readonly<Record<string, string>> = {
  link: "wherry ps --format '{{.Names}}'",
  network: "wherry network ls --format '{{.Name}}'",
  'volumes-from': "wherry ps -a --format '{{.Names}}'",
};
