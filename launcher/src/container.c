#include "container.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fail.h"
#include "kernel_mount.h"
#include "legacy_cgroup.h"
#include "net_program.h"
#include "util.h"
#include "volume.h"

static int keep_mask(struct child *child, const struct operation *op) {
  uint64_t mask;
  if (argument_number(op, 0, 0777, &mask) != 0) return -1;
  child->umask = (int)mask;
  return 0;
}

static int keep(const struct operation **place, const struct operation *op) {
  *place = op;
  return 0;
}

static int keep_flag(bool *flag) {
  *flag = true;
  return 0;
}

int container_operation(struct child *child, const struct operation *op) {
  if (net_is_container(op->opcode)) return net_container(op);
  switch (op->opcode) {
    case OP_ROOTFS_OVERLAY: return rootfs_overlay(child, op);
    case OP_ROOTFS_BIND: return rootfs_bind(child, op);
    case OP_MOUNT: return mount_filesystem(child, op);
    case OP_BIND: return mount_bind(child, op);
    case OP_MASK: return mount_mask(child, op);
    case OP_READ_ONLY: return mount_read_only(child, op);
    case OP_ROOTFS_DIR: return rootfs_dir(child, op);
    case OP_ROOTFS_FILE: return rootfs_file(child, op);
    case OP_ROOTFS_SYMLINK: return rootfs_symlink(child, op);
    case OP_PIVOT_ROOT: return pivot_root(child, op);
    case OP_COPY_UP: return copy_up(child, op);
    case OP_GIVE: return give(op);
    case OP_OVERLAY: return mount_overlay(child, op);
    case OP_SHARE_MOUNT: return share_mount(child, op);
    case OP_FILES_AS: return files_as(child, op);
    case OP_HOSTNAME:
    case OP_DOMAINNAME: return set_hostname(op);
    case OP_SYSCTL: return set_sysctl(child, op);
    case OP_LOOPBACK_UP: return loopback_up();
    case OP_UMASK: return keep_mask(child, op);
    case OP_RLIMIT: return set_rlimit(op);
    case OP_OOM_SCORE_ADJ:
    case OP_APPARMOR: return 0;  // done by close_to_view
    case OP_CONSOLE: return open_console(child, op);
    case OP_WORKING_DIRECTORY: return keep(&child->working_directory, op);
    case OP_USER: return keep(&child->user, op);
    case OP_CAPABILITIES: return keep(&child->capabilities, op);
    case OP_NO_NEW_PRIVILEGES: return keep_flag(&child->no_new_privileges);
    case OP_SECCOMP: return keep(&child->seccomp, op);
    case OP_ENVIRONMENT: return keep(&child->environment, op);
    case OP_ARGUMENTS: return keep(&child->arguments, op);
    case OP_OWN_IDS: return keep(&child->own_ids, op);
    case OP_KEEP_GROUPS: return keep_flag(&child->keep_groups);
    case OP_INIT: return keep_flag(&child->init);
    case OP_EXECUTE: return execute(child);
    default:
      errno = EINVAL;
      return fail(NULL);
  }
}

static int enter_namespaces(struct child *child) {
  for (int i = 0; i < NAMESPACES; i++) {
    if (child->namespaces[i] >= 0 && setns(child->namespaces[i], 0) != 0) return fail(child->settings->namespaces[i].path);
  }
  if (child->settings->namespaces[NS_MOUNT].mode == NAMESPACE_NEW &&
      mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) {
    return fail("/");
  }
  // The caller's keys aren't the container's. ENOSYS: a kernel without keys; EDQUOT: none left, and none inherited matter less
  // than a container that doesn't start.
  enum { KEYCTL_JOIN_SESSION_KEYRING = 1 };
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
  return 0;
}

// Until execve(2), programs of the container must not look into this process: its /proc/PID/exe, descriptors and memory are
// the host's. The memory descriptor belongs to the outer user namespace, so that not even the container's root may.
static int close_to_view(struct child *child) {
  const struct program *program = child->program;
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    // Earlier than its place: afterwards /proc/self isn't the process's own.
    if (op->opcode == OP_INIT) child->self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (op->opcode != OP_OOM_SCORE_ADJ && op->opcode != OP_APPARMOR) continue;
    if ((op->opcode == OP_APPARMOR ? set_apparmor(op) : set_oom_score_adj(op)) == 0) continue;
    if (!op->optional) {
      fail_where(PHASE_CONTAINER, op->index, op->opcode);
      return -1;
    }
    fail_clear();
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return 0;
}

static int carry_out(struct child *child) {
  const struct program *program = child->program;
  fail_clear();
  if (close_to_view(child) != 0 || legacy_cgroup_join(child->settings) != 0) return -1;
  if (enter_namespaces(child) != 0) {
    fail_where(PHASE_NAMESPACE, -1, OP_NAMESPACE);
    return -1;
  }
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    if (container_operation(child, op) == 0) continue;
    if (op->optional) {
      fail_clear();
      continue;
    }
    if (failure.index < 0) fail_where(PHASE_CONTAINER, op->index, op->opcode);
    return -1;
  }
  errno = EINVAL;
  fail_detail(NULL, "the launch program doesn't end with execute");
  fail_where(PHASE_CONTAINER, -1, OP_EXECUTE);
  return -1;
}

struct command_line command_line;

int container_main(struct child *child) {
  memset(command_line.start, 0, command_line.length);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (child->settings->own_session) setsid();
  umask(0);
  carry_out(child);
  struct report_header header = {REPORT_FAILURE};
  struct iovec parts[] = {{&header, sizeof header}, {&failure, sizeof failure}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  sendmsg(child->report, &message, MSG_NOSIGNAL);
  return failure.status;
}
