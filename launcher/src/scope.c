#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "manager_call.h"
#include "util.h"

enum { PATIENCE_MS = 10000, PATH_SIZE = 4096 };
enum { SOCKET, UNIT, MOUNT, GROUP, SLICE, PART_OF };

static const char *text(const struct operation *op, unsigned index) {
  return argument_empty(op, index) ? NULL : op->args[index].text;
}

// The path of our group from the hierarchy's root; false while it isn't the unit's.
static bool is_in(const char *unit, char path[PATH_SIZE]) {
  static char groups[PATH_SIZE];
  if (read_text(AT_FDCWD, "/proc/self/cgroup", groups, sizeof groups) <= 0) return false;
  const char *own = strncmp(groups, "0::", 3) == 0 ? groups : strstr(groups, "\n0::");
  if (own == NULL) return false;
  own = strchr(own, '/');
  snprintf(path, PATH_SIZE, "%.*s", own == NULL ? 0 : (int)strcspn(own, "\n"), own == NULL ? "" : own);
  const char *name = strrchr(path, '/');
  return name != NULL && strcmp(name + 1, unit) == 0;
}

static int enter(const struct operation *op, char path[PATH_SIZE]) {
  const char *unit = text(op, UNIT);
  if (manager_start_scope(text(op, SOCKET), unit, getpid(), text(op, SLICE), text(op, PART_OF)) != 0) return -1;
  // The manager has answered before systemd's first process, which alone may do that, has moved us.
  for (int64_t until = monotonic_ms() + PATIENCE_MS; !is_in(unit, path); poll(NULL, 0, 1)) {
    if (monotonic_ms() > until) return fail_detail(NULL, "systemd has not put the container into its cgroup %s", unit);
  }
  return 0;
}

static int make_group(const char *path) {
  return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : fail(path);
}

static int write_in(const char *group, const char *file, const char *value, bool may_lack) {
  char path[PATH_SIZE + 64];
  snprintf(path, sizeof path, "%s/%s", group, file);
  if (write_existing(AT_FDCWD, path, value) == 0 || (may_lack && errno == ENOENT)) return 0;
  return fail_detail(path, "%s can't be set to %s: %s", file, value, strerror(errno));
}

static int limit(const char *scope, const char *group, const struct operation *op) {
  char give[64];
  snprintf(give, sizeof give, "+%s", op->args[0].text);
  if (write_in(scope, "cgroup.subtree_control", give, false) != 0) return -1;
  return write_in(group, op->args[1].text, op->args[2].text, op->optional);
}

int scope_enter(struct settings *settings) {
  static char scope[PATH_SIZE], group[2 * PATH_SIZE];
  char path[PATH_SIZE], leaf[2 * PATH_SIZE];
  const struct operation *op = settings->scope;
  if (op == NULL) return 0;
  if (enter(op, path) != 0) return -1;
  if (text(op, GROUP) == NULL) return 0;
  if (snprintf(scope, sizeof scope, "%s%s", text(op, MOUNT), path) >= (int)sizeof scope) return errno = ENAMETOOLONG, fail(path);
  snprintf(leaf, sizeof leaf, "%s/monitor", scope);
  snprintf(group, sizeof group, "%s/%s", scope, text(op, GROUP));
  // Only a group without processes gives controllers to those below it.
  if (make_group(leaf) != 0 || write_in(leaf, "cgroup.procs", "0", false) != 0 || make_group(group) != 0) return -1;
  for (unsigned i = 0; i < settings->limit_count; i++) {
    if (limit(scope, group, settings->limits[i]) != 0) return -1;
  }
  settings->cgroup = group;
  settings->cgroup_optional = false;
  return 0;
}
