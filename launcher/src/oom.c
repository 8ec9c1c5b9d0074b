// Kills for want of memory, as the container's cgroup counts them: memory.events of version 2, memory.oom_control of version 1
// (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "legacy_cgroup.h"
#include "monitor.h"
#include "util.h"

// What changes with a kill, and what tells of it.
static int counter = -1, bell = -1;
// Version 1 rings before it kills: until then the count is looked at again and again. 0 for no ring.
static int64_t rang_until;
enum { PATIENCE_MS = 1000, LOOK_MS = 10 };

static const char *name_counter(const struct settings *settings, char path[4096]) {
  const char *legacy = legacy_cgroup_of(settings, "memory");
  if (legacy != NULL) snprintf(path, 4096, "%s/memory.oom_control", legacy);
  else if (settings->cgroup != NULL) snprintf(path, 4096, "%s/memory.events", settings->cgroup);
  else return NULL;
  return path;
}

uint64_t oom_kills(const struct monitor *monitor) {
  char path[4096], text[512];
  if (name_counter(monitor->settings, path) == NULL || read_text(AT_FDCWD, path, text, sizeof text) <= 0) return 0;
  const char *line = strstr(text, "oom_kill ");
  return line == NULL ? 0 : strtoull(line + strlen("oom_kill "), NULL, 10);
}

// Version 1 rings an eventfd(2); version 2 has the file itself be readable out of turn.
static int ring(const char *group) {
  char path[4096], line[32];
  CLEAN_FD int made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  snprintf(path, sizeof path, "%s/cgroup.event_control", group);
  snprintf(line, sizeof line, "%d %d", made, counter);
  if (made < 0 || write_existing(AT_FDCWD, path, line) != 0) return -1;
  return fcntl(made, F_DUPFD_CLOEXEC, 3);
}

void oom_watch(struct monitor *monitor) {
  char path[4096];
  monitor->oom_told = monitor->oom_kills;
  if (monitor->settings->exec_id != NULL || name_counter(monitor->settings, path) == NULL) return;
  counter = open(path, O_RDONLY | O_CLOEXEC);
  const char *legacy = legacy_cgroup_of(monitor->settings, "memory");
  if (counter >= 0 && legacy != NULL) bell = ring(legacy);
  if (counter >= 0) oom_handle(monitor);
}

void oom_unwatch(void) {
  close_fd(&bell);
  close_fd(&counter);
  rang_until = 0;
}

struct pollfd oom_poll(void) {
  return (struct pollfd){.fd = bell >= 0 ? bell : counter, .events = bell >= 0 ? POLLIN : POLLPRI};
}

int oom_timeout(int other) {
  if (rang_until == 0) return other;
  return other >= 0 && other < LOOK_MS ? other : LOOK_MS;
}

void oom_handle(struct monitor *monitor) {
  // The container's own monitor tells of it.
  if (monitor->settings->exec_id != NULL) return;
  char text[512];
  // Either is quiet again once it has been read.
  ssize_t rings = bell < 0 ? 0 : read(bell, text, sizeof(uint64_t));
  if (rings < 0 && errno != EAGAIN) close_fd(&bell);
  if (rings > 0) rang_until = monotonic_ms() + PATIENCE_MS;
  else if (monotonic_ms() > rang_until) rang_until = 0;
  if (counter >= 0 && pread(counter, text, sizeof text, 0) < 0) close_fd(&counter);
  uint64_t kills = oom_kills(monitor);
  if (kills <= monitor->oom_told) return;
  rang_until = 0;
  monitor->oom_told = kills;
  fact_oom(monitor);
  event_tell(monitor, 'm', "oom");
}
