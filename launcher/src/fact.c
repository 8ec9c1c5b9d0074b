#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "log.h"
#include "monitor.h"
#include "util.h"

static int leave(const struct monitor *monitor, const char *name, const char *text, size_t length) {
  if (monitor->directory < 0) return 0;
  if (replace_file(monitor->directory, name, 0644, text, length) == 0) return 0;
  return fail_detail(name, "the container's file %s can't be written: %s", name, strerror(errno));
}

// Where no room is left, the launch program's file has some, and is of no use any more.
static int leave_in_place_of_program(const struct monitor *monitor, const char *name, const char *text, size_t length) {
  CLEAN_FD int fd = openat(monitor->directory, "program", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || pwrite(fd, text, length, 0) != (ssize_t)length || ftruncate(fd, (off_t)length) != 0) return -1;
  return renameat(monitor->directory, "program", monitor->directory, name);
}

// For whoever watches the container from outside; read by a rename, so never half written.
static int write_pidfile(const struct monitor *monitor) {
  const char *path = monitor->settings->pidfile;
  char text[16];
  if (path == NULL) return 0;
  int length = snprintf(text, sizeof text, "%d\n", (int)monitor->init);
  if (replace_file(AT_FDCWD, path, 0644, text, (size_t)length) == 0) return 0;
  return fail_detail(path, "the pid file %s can't be written: %s", path, strerror(errno));
}

int fact_started(const struct monitor *monitor) {
  char start[24], init_start[25] = "", boot[48], now[TIME_SIZE], line[192];
  if (write_pidfile(monitor) != 0) return -1;
  if (monitor->directory < 0) return 0;
  unlinkat(monitor->directory, "oom", 0);
  if (!process_start_time(getpid(), start)) return fail("/proc/self/stat");
  if (read_text(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof boot) <= 0) return fail("boot_id");
  boot[strcspn(boot, "\n")] = '\0';
  now_text(now);
  // It may have ended already.
  init_start[0] = ' ';
  if (!process_start_time(monitor->init, init_start + 1)) init_start[0] = '\0';
  int length = snprintf(line, sizeof line, "%d %s %s %d %s%s\n", (int)getpid(), start, boot, (int)monitor->init, now,
                        init_start);
  return leave(monitor, "started", line, (size_t)length);
}

int fact_restarting(const struct monitor *monitor, unsigned count, const struct ending *ending, unsigned delay_ms) {
  char now[TIME_SIZE], line[160];
  now_text(now);
  int length = snprintf(line, sizeof line, "%u %d %d %d %s %u\n", count, ending->status, ending->signal,
                        ending->out_of_memory, now, delay_ms);
  return leave(monitor, "restarting", line, (size_t)length);
}

int fact_exited(const struct monitor *monitor, const struct ending *ending) {
  char now[TIME_SIZE], line[160];
  now_text(now);
  int length = snprintf(line, sizeof line, "%d %d %d %s\n", ending->status, ending->signal, ending->out_of_memory, now);
  if (leave(monitor, "exited", line, (size_t)length) == 0) return 0;
  return leave_in_place_of_program(monitor, "exited", line, (size_t)length);
}

int fact_oom(const struct monitor *monitor) {
  char now[TIME_SIZE + 1];
  now_text(now);
  now[TIME_SIZE - 1] = '\n';
  return leave(monitor, "oom", now, TIME_SIZE);
}

int fact_start_error(const struct monitor *monitor) {
  static char line[2400];
  struct failure kept = failure;
  int length = fail_line(&kept, line, sizeof line);
  int result = leave(monitor, "start-error", line, (size_t)length);
  failure = kept;
  return result;
}

int fact_log_error(const struct monitor *monitor, bool final) {
  static uint64_t told;
  uint64_t dropped;
  int error = log_dropped(&dropped);
  if (error == 0 || dropped == told || (!final && dropped / 2 < told)) return 0;
  told = dropped;
  char now[TIME_SIZE], line[160];
  now_text(now);
  int length = snprintf(line, sizeof line, "%d %llu %s\n", error, (unsigned long long)dropped, now);
  return leave(monitor, "log-error", line, (size_t)length);
}

int fact_cleanup_errors(const struct monitor *monitor, const char *lines, size_t length) {
  return length == 0 ? 0 : leave(monitor, "cleanup-errors", lines, length);
}
