// Starting the container's process: its pipes, its namespaces, and the wait for its execve(2).
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "monitor.h"
#include "util.h"
#include "volume.h"

static const struct { uint64_t flag; const char *file; } kinds[NAMESPACES] = {
    [NS_MOUNT] = {CLONE_NEWNS, "mnt"}, [NS_PID] = {CLONE_NEWPID, "pid"}, [NS_NETWORK] = {CLONE_NEWNET, "net"},
    [NS_UTS] = {CLONE_NEWUTS, "uts"},  [NS_IPC] = {CLONE_NEWIPC, "ipc"}, [NS_CGROUP] = {CLONE_NEWCGROUP, "cgroup"},
};

static bool same_file(const char *one, int two) {
  struct stat a, b;
  return stat(one, &a) == 0 && fstat(two, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Namespaces that the new process joins: those the program names, or for exec those in which the container isn't ours.
static int open_namespaces(const struct settings *settings, int fds[NAMESPACES]) {
  char path[64], own[64];
  for (int i = 0; i < NAMESPACES; i++) {
    const char *file = settings->namespaces[i].path;
    if (settings->join_start != NULL) {
      snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)settings->join_pid, kinds[i].file);
      file = path;
    } else if (settings->namespaces[i].mode != NAMESPACE_JOINED) {
      continue;
    }
    fds[i] = open(file, O_RDONLY | O_CLOEXEC);
    if (fds[i] < 0) return fail(file);
    snprintf(own, sizeof own, "/proc/self/ns/%s", kinds[i].file);
    if (same_file(own, fds[i])) close_fd(&fds[i]);
  }
  // The numbers could have gone to another process while they were opened.
  char start[24];
  if (settings->join_start != NULL &&
      (!process_start_time(settings->join_pid, start) || strcmp(start, settings->join_start) != 0)) {
    errno = ESRCH;
    return fail_detail(NULL, "the container isn't running any more");
  }
  return 0;
}

// Those that belong to the container's own user namespace; a command that joins takes on that user namespace.
static int own_namespaces(const struct monitor *monitor, struct child *child) {
  const struct operation *op = own_namespaces_of(monitor->program);
  const struct settings *settings = monitor->settings;
  if (op == NULL) return 0;
  if (settings->join_start == NULL) return make_own_namespaces(settings, op, child);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", (int)settings->join_pid);
  child->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
  return child->user_namespace >= 0 ? 0 : fail(path);
}

struct ends { int ours[3], theirs[3]; };

static void close_ends(int fds[3]) {
  for (int i = 0; i < 3; i++) close_fd(&fds[i]);
}

static int make_pipes(const struct settings *settings, struct ends *ends) {
  for (int i = 0; i < 3; i++) {
    int pair[2];
    if (i == 0 && settings->stdin_mode == STDIN_NONE) {
      ends->theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (ends->theirs[0] < 0) return fail("/dev/null");
      continue;
    }
    if (pipe2(pair, O_CLOEXEC) != 0) return fail(NULL);
    ends->ours[i] = pair[i == 0];
    ends->theirs[i] = pair[i != 0];
    // Our end alone: the other one is the container's to set.
    if (fcntl(ends->ours[i], F_SETFL, O_NONBLOCK) != 0) return fail(NULL);
  }
  return 0;
}

static pid_t clone_process(const struct settings *settings, const int joined[NAMESPACES], int *pidfd) {
  struct clone_args args = {.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
  for (int i = 0; i < NAMESPACES; i++) {
    // With groups of version 1, its cgroup namespace comes after them.
    if (i == NS_CGROUP && settings->group_count > 0) continue;
    if (settings->namespaces[i].mode == NAMESPACE_NEW && joined[i] < 0) args.flags |= kinds[i].flag;
  }
  CLEAN_FD int cgroup = -1;
  if (settings->cgroup != NULL) {
    cgroup = open(settings->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cgroup >= 0) {
      args.flags |= CLONE_INTO_CGROUP;
      args.cgroup = (uint64_t)cgroup;
    } else if (!settings->cgroup_optional) {
      return fail(settings->cgroup);
    }
  }
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0 && cgroup >= 0 && settings->cgroup_optional) {
    args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
    args.cgroup = 0;
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  }
  if (pid < 0 && errno == ENOSPC) {
    return fail_detail(NULL, "no more namespaces can be made: a limit of user.max_*_namespaces is reached");
  }
  if (pid < 0 && cgroup >= 0) {
    return fail_detail(settings->cgroup, "the container can't be put into the cgroup %s: %s", settings->cgroup, strerror(errno));
  }
  return pid < 0 ? fail(NULL) : pid;
}

static int take_console(struct monitor *monitor, struct msghdr *message, int report) {
  struct cmsghdr *head = CMSG_FIRSTHDR(message);
  int fds[2];
  if (head == NULL || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof fds)) {
    errno = EPROTO;
    return fail(NULL);
  }
  memcpy(fds, CMSG_DATA(head), sizeof fds);
  monitor->output[0] = fds[0];
  monitor->terminal = fds[1];
  monitor->input = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
  if (monitor->input < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return fail(NULL);
  if (monitor->window.ws_row != 0 && ioctl(fds[0], TIOCSWINSZ, &monitor->window) != 0) return fail(NULL);
  return send(report, "g", 1, MSG_NOSIGNAL) == 1 ? 0 : fail(NULL);
}

// Until the channel closes, which execve(2) does, or tells of a failure.
static int await_execution(struct monitor *monitor, int report) {
  for (;;) {
    struct report_header header;
    struct failure told;
    struct iovec parts[] = {{&header, sizeof header}, {&told, sizeof told}};
    union { struct cmsghdr align; char bytes[CMSG_SPACE(2 * sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(report, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return 0;
    if (got == (ssize_t)(sizeof header + sizeof told) && header.kind == REPORT_FAILURE) {
      errno = told.error;
      fail(NULL);
      failure = told;
      return -1;
    }
    if (got != sizeof header || header.kind != REPORT_CONSOLE) {
      errno = got < 0 ? errno : EPROTO;
      return fail(NULL);
    }
    if (take_console(monitor, &message, report) != 0) return -1;
  }
}

static void reap(struct monitor *monitor) {
  while (waitpid(monitor->init, NULL, __WALL) < 0 && errno == EINTR) continue;
  close_fd(&monitor->pidfd);
}

int container_start(struct monitor *monitor) {
  struct ends ends = {{-1, -1, -1}, {-1, -1, -1}};
  struct child child = {.program = monitor->program, .settings = monitor->settings, .self = -1, .rootfs = -1,
                        .stdio = {-1, -1, -1}, .umask = -1, .user_namespace = -1,
                        .namespaces = {-1, -1, -1, -1, -1, -1}};
  int channel[2];
  int result = -1;
  monitor->oom_kills = oom_kills(monitor);
  if (open_namespaces(monitor->settings, child.namespaces) == 0 && own_namespaces(monitor, &child) == 0 &&
      (monitor->settings->terminal || make_pipes(monitor->settings, &ends) == 0)) {
    // A pid namespace is joined by the parent, for its children; a process never changes its own.
    int pid_namespace = child.namespaces[NS_PID];
    if (pid_namespace >= 0 && setns(pid_namespace, CLONE_NEWPID) != 0) {
      fail(monitor->settings->namespaces[NS_PID].path);
    } else if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) {
      fail(NULL);
    } else {
      close_fd(&child.namespaces[NS_PID]);
      monitor->init = clone_process(monitor->settings, child.namespaces, &monitor->pidfd);
      if (monitor->init == 0) {
        close(channel[0]);
        close_ends(ends.ours);
        child.report = channel[1];
        memcpy(child.stdio, ends.theirs, sizeof child.stdio);
        _exit(container_main(&child));
      }
      close(channel[1]);
      close_ends(ends.theirs);
      if (monitor->init > 0) {
        result = await_execution(monitor, channel[0]);
        // A process that ended without a word was killed.
        if (result != 0) reap(monitor);
      }
      close(channel[0]);
    }
  }
  for (int i = 0; i < NAMESPACES; i++) close_fd(&child.namespaces[i]);
  close_fd(&child.user_namespace);
  if (result != 0) {
    close_ends(ends.ours);
    close_ends(ends.theirs);
    if (failure.opcode == 0) fail_where(PHASE_NAMESPACE, -1, OP_NAMESPACE);
    return -1;
  }
  if (!monitor->settings->terminal) {
    monitor->input = ends.ours[0];
    monitor->output[0] = ends.ours[1];
    monitor->output[1] = ends.ours[2];
  }
  return 0;
}
