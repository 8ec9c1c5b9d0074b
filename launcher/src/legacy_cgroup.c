// Cgroups of version 1 (cgroups(7)): a group in each hierarchy that the user has a directory of, which clone3(2) can't start in.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "legacy_cgroup.h"
#include "util.h"

static int join(const struct operation *op) {
  const char *path = op->args[0].text;
  char procs[4096];
  snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
  if (write_existing(AT_FDCWD, procs, "0") == 0 || op->optional) return 0;
  return fail_detail(path, "the container can't be put into the cgroup %s: %s", path, strerror(errno));
}

int legacy_cgroup_join(const struct settings *settings) {
  for (unsigned i = 0; i < settings->group_count; i++) {
    if (join(settings->groups[i]) == 0) continue;
    fail_where(PHASE_NAMESPACE, -1, OP_LEGACY_CGROUP);
    return -1;
  }
  // Its root is where the process is when it is made.
  bool own = settings->group_count > 0 && settings->namespaces[NS_CGROUP].mode == NAMESPACE_NEW;
  return own && unshare(CLONE_NEWCGROUP) != 0 ? fail(NULL) : 0;
}

const char *legacy_cgroup_of(const struct settings *settings, const char *controller) {
  for (unsigned i = 0; i < settings->group_count; i++) {
    if (strcmp(settings->groups[i]->args[1].text, controller) == 0) return settings->groups[i]->args[0].text;
  }
  return NULL;
}

static bool kill_all(const char *procs) {
  static char text[16 * 1024];
  ssize_t length = read_text(AT_FDCWD, procs, text, sizeof text);
  for (char *line = text; length > 0 && *line != '\0'; line += strcspn(line, "\n") + 1) {
    pid_t pid = (pid_t)strtol(line, NULL, 10);
    if (pid > 0) kill(pid, SIGKILL);
    if (strchr(line, '\n') == NULL) break;
  }
  return length > 0;
}

void legacy_cgroup_kill(const struct settings *settings) {
  char procs[4096];
  if (settings->group_count == 0) return;
  snprintf(procs, sizeof procs, "%s/cgroup.procs", settings->groups[0]->args[0].text);
  // They die within milliseconds; one that forks meanwhile is met the next time.
  for (int tries = 0; tries < 200 && kill_all(procs); tries++) poll(NULL, 0, 5);
}

void legacy_cgroup_remove(const struct settings *settings) {
  for (unsigned i = 0; i < settings->group_count; i++) {
    // What has ended may be counted for a moment.
    for (int tries = 0; rmdir(settings->groups[i]->args[0].text) != 0 && errno == EBUSY && tries < 20; tries++) {
      poll(NULL, 0, 5);
    }
  }
}
