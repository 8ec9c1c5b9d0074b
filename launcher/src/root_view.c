// A container's file system as its programs see it, for the tree worker: of one that runs, by joining its mount namespace; of
// one that doesn't, mounted for this process alone. Its root is then the process's own, so that no link, however it is changed
// meanwhile, leads to a file of the host.
#include "root_view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "util.h"

static int join_mounts(const struct settings *settings) {
  char path[64], start[24];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)settings->join_pid);
  CLEAN_FD int mounts = open(path, O_RDONLY | O_CLOEXEC);
  // The number could have gone to another process before it was opened.
  if (mounts < 0 || !process_start_time(settings->join_pid, start) || strcmp(start, settings->join_start) != 0) {
    errno = ESRCH;
    return fail_detail(NULL, "the container isn't running any more");
  }
  return setns(mounts, CLONE_NEWNS) == 0 && chdir("/") == 0 ? 0 : fail(path);
}

// Held open until the process ends. A monitor that starts the container meanwhile is refused, as is this when one has it.
static int lock_upper(const struct operation *op) {
  if (argument_empty(op, 1)) return 0;
  const char *upper = op->args[1].text;
  int fd = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(upper);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
  return fail_detail(upper, "the container's files in %s are in use", upper);
}

static int mount_root(const struct program *program, const struct settings *settings) {
  struct child child = {.program = program, .settings = settings, .report = -1, .stdio = {-1, -1, -1}, .self = -1, .rootfs = -1,
                        .umask = -1, .user_namespace = -1, .namespaces = {-1, -1, -1, -1, -1, -1}};
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return fail("/");
  umask(0);
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    if ((op->opcode == OP_ROOTFS_OVERLAY && lock_upper(op) != 0) || container_operation(&child, op) != 0) {
      if (op->optional) {
        fail_clear();
        continue;
      }
      if (failure.index < 0) fail_where(PHASE_CONTAINER, op->index, op->opcode);
      return -1;
    }
  }
  return 0;
}

int root_view_enter(const struct program *program, const struct settings *settings) {
  if (settings->join_start != NULL) return join_mounts(settings);
  if (program->first[SECTION_CONTAINER] == program->first[SECTION_CLEANUP]) return 0;
  return mount_root(program, settings);
}
