// A user namespace below the containers' common one, for a container whose ids are arranged otherwise (keep-id): everything is
// mounted in the common one, where layers have the ids they were written with, and the command alone sees the other ids.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "util.h"
#include "volume.h"

int write_id_maps(pid_t pid, const struct operation *op) {
  static const char *const files[] = {"uid_map", "gid_map"};
  for (unsigned i = 0; i < COUNT(files); i++) {
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, files[i]);
    if (write_existing(AT_FDCWD, path, op->args[i].text) != 0) return errno;
  }
  return 0;
}

int files_as(const struct child *child, const struct operation *op) {
  uint64_t uid, gid;
  if (argument_number(op, 0, UINT32_MAX - 1, &uid) != 0 || argument_number(op, 1, UINT32_MAX - 1, &gid) != 0) return -1;
  // So that /dev/stdout can be opened again; the container's own namespace has no power over what is the monitor's.
  for (unsigned i = 0; i < COUNT(child->stdio); i++) {
    struct stat about;
    bool pipe = child->stdio[i] >= 0 && fstat(child->stdio[i], &about) == 0 && S_ISFIFO(about.st_mode);
    if (pipe && fchown(child->stdio[i], (uid_t)uid, (gid_t)gid) != 0) return fail(NULL);
  }
  return own_files_as((uid_t)uid, (gid_t)gid) == 0 ? 0 : fail(NULL);
}

// A process that stays in the common namespace writes the maps: one's own can't be written with more than a line.
static int make_own_ids(const struct operation *op) {
  int go[2];
  char word;
  if (pipe2(go, O_CLOEXEC) != 0) return fail(NULL);
  pid_t self = getpid(), helper = fork();
  if (helper == 0) {
    close(go[1]);
    _exit(read(go[0], &word, 1) == 1 ? write_id_maps(self, op) : ECANCELED);
  }
  close_fd(&go[0]);
  CLEAN_FD int end = go[1];
  if (helper < 0) return fail(NULL);
  // The files below /proc/PID are root's as long as a process may not be looked into. What could look now is in a namespace
  // below the common one, without any capability in it.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  int error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno, status = 0;
  if (error == 0 && write(end, "g", 1) != 1) error = errno;
  close_fd(&end);
  while (waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (error == 0) error = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  if (error == 0) return 0;
  errno = error;
  return fail_detail(NULL, "the user namespace of the container can't be made");
}

int enter_own_ids(const struct child *child) {
  if (child->user_namespace < 0) return make_own_ids(child->own_ids);
  return setns(child->user_namespace, CLONE_NEWUSER) == 0 ? 0 : fail_detail(NULL, "the user namespace of the container can't be entered");
}
