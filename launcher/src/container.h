// The container's own process: what it does between clone and exec.
#ifndef WHERRY_CONTAINER_H
#define WHERRY_CONTAINER_H

#include <sys/types.h>

#include "program.h"
#include "settings.h"

// What the new process tells the monitor, one packet each. The end of the channel, closed by execve(2), is success.
enum report_kind { REPORT_FAILURE, REPORT_CONSOLE };
struct report_header { int32_t kind; };

struct child {
  const struct program *program;
  const struct settings *settings;
  int report;               // to the monitor
  int stdio[3];             // -1 with a terminal, until `console`
  int namespaces[NAMESPACES];  // to be joined; -1 for none
  int user_namespace;       // for the command alone; -1 to make one, if any
  int self;                 // the launcher's program, for `init`; -1 without
  int rootfs;               // O_PATH of the container's root until pivot-root; -1 before and after
  // Kept for execute.
  const struct operation *user, *capabilities, *seccomp, *environment, *arguments, *working_directory, *own_ids;
  bool no_new_privileges, init, keep_groups;
  int umask;                // -1: unchanged
};

// The launcher's own command line, with its paths of the host: wiped in the new process, whose /proc/PID/cmdline the
// container sees.
extern struct command_line { char *start; size_t length; } command_line;

// Carries out the container section; returns only on failure, which it has reported, with the status to end with.
int container_main(struct child *child);

// container.c
// Carries out one operation; -1 with the failure recorded.
int container_operation(struct child *child, const struct operation *op);
int open_in_container(const struct child *child, const char *path, int flags);

// overlay.c, rootfs.c
int rootfs_overlay(struct child *child, const struct operation *op);
int mount_overlay(struct child *child, const struct operation *op);
int rootfs_bind(struct child *child, const struct operation *op);
int pivot_root(struct child *child, const struct operation *op);

// mount.c
int mount_filesystem(struct child *child, const struct operation *op);
int mount_bind(struct child *child, const struct operation *op);
int share_mount(struct child *child, const struct operation *op);
int mount_mask(struct child *child, const struct operation *op);
int mount_read_only(struct child *child, const struct operation *op);
// Puts a detached mount over a path of the container, which is made (a file, or a directory) when missing.
int mount_over(struct child *child, int mount, const char *target, bool directory);

// inside.c: files of the container's root, made before the container's own programs run
// Opens a directory with its missing parents made, inside the root. -1 with the failure recorded.
int inside_make_dirs(const struct child *child, const char *path, mode_t mode);
// A path below an open directory, resolved inside it; -1 with errno.
int open_inside(int root, const char *path, int flags);
int inside_open_target(const struct child *child, const char *path, bool directory);
int rootfs_dir(const struct child *child, const struct operation *op);
int rootfs_file(const struct child *child, const struct operation *op);
int rootfs_symlink(const struct child *child, const struct operation *op);

// kernel.c: host name, sysctls, links, limits
int set_hostname(const struct operation *op);
int set_sysctl(const struct child *child, const struct operation *op);
int loopback_up(void);
int set_rlimit(const struct operation *op);
int set_oom_score_adj(const struct operation *op);
int set_apparmor(const struct operation *op);

// console.c
int open_console(struct child *child, const struct operation *op);

// credential.c: user, capabilities, no_new_privs, seccomp
int take_credentials(const struct child *child);

// execute.c
int execute(struct child *child);
// What process 1 of `--init` goes on with, told by this variable which process is the command.
#define INIT_VARIABLE "WHERRY_LAUNCHER_INIT"
_Noreturn void init_main(const char *command);

#endif
