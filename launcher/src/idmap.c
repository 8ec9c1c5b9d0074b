// Id maps: written directly, or by newuidmap and newgidmap at the same time, which takes half as long as one after the other.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "namespace.h"
#include "util.h"



static int write_map(pid_t pid, const char *file, const struct operation *const *lines, unsigned count) {
  // Three numbers of ten digits, separators.
  size_t size = (size_t)count * 34 + 1, used = 0;
  CLEAN_MEMORY char *text = malloc(size);
  if (text == NULL) return fail(NULL);
  for (unsigned i = 0; i < count; i++) {
    const struct argument *args = lines[i]->args;
    used += (size_t)snprintf(text + used, size - used, "%s %s %s\n", args[0].text, args[1].text, args[2].text);
  }
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
  // The kernel takes a map in a single write alone.
  return write_existing(AT_FDCWD, path, text) == 0 ? 0 : fail(path);
}

struct helper { const char *program; pid_t pid; int errors; };

static int start_helper(struct helper *helper, pid_t pid, const struct operation *const *lines, unsigned count) {
  CLEAN_MEMORY char **argv = calloc((size_t)count * 3 + 3, sizeof *argv);
  CLEAN_FD int writing = -1;
  int ends[2];
  char number[16];
  if (argv == NULL || pipe2(ends, O_CLOEXEC) != 0) return fail(helper->program);
  helper->errors = ends[0];
  writing = ends[1];
  snprintf(number, sizeof number, "%d", (int)pid);
  argv[0] = (char *)helper->program;
  argv[1] = number;
  for (unsigned i = 0; i < count * 3; i++) argv[2 + i] = (char *)lines[i / 3]->args[i % 3].text;
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return fail(helper->program);
  posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, writing, STDERR_FILENO);
  int error = posix_spawn(&helper->pid, helper->program, &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return 0;
  helper->pid = -1;
  errno = error;
  return fail_detail(helper->program, "%s can't be run: %s", helper->program, strerror(error));
}

static int finish_helper(struct helper *helper) {
  char words[512];
  size_t have = 0;
  int status = 0;
  if (helper->pid > 0) {
    ssize_t got;
    while ((got = read(helper->errors, words + have, sizeof words - 1 - have)) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) have += (size_t)got;
    }
    while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR) continue;
  }
  close_fd(&helper->errors);
  if (helper->pid <= 0) return -1;
  if (status == 0) return 0;
  while (have > 0 && (words[have - 1] == '\n' || words[have - 1] == ' ')) have--;
  words[have] = '\0';
  errno = EPERM;
  return fail_detail(helper->program, "the id map couldn't be written: %s", have > 0 ? words : helper->program);
}

static int write_by_helpers(pid_t pid, const struct user_namespace *user) {
  struct helper uids = {user->newuidmap, -1, -1}, gids = {user->newgidmap, -1, -1};
  int result = start_helper(&uids, pid, user->uids, user->uid_count);
  if (result == 0) result = start_helper(&gids, pid, user->gids, user->gid_count);
  if (finish_helper(&uids) != 0) result = -1;
  if (finish_helper(&gids) != 0) result = -1;
  return result;
}

int idmap_write(pid_t pid, const struct user_namespace *user) {
  if (user->newuidmap != NULL && user->newgidmap != NULL) return write_by_helpers(pid, user);
  if (user->deny_setgroups) {
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    if (write_existing(AT_FDCWD, path, "deny") != 0) return fail(path);
  }
  if (write_map(pid, "uid_map", user->uids, user->uid_count) != 0) return -1;
  return write_map(pid, "gid_map", user->gids, user->gid_count);
}
