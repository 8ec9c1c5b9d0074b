#include "witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static bool is_called(const char *pid, const char *other) {
  char path[64], comm[32];
  snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
  if (read_text(AT_FDCWD, path, comm, sizeof(comm)) < 0) return false;
  comm[strcspn(comm, "\n")] = '\0';
  return strcmp(comm, "wherry-monitor") == 0 || (other != NULL && strcmp(comm, other) == 0);
}

static bool has_open(const char *pid, const struct stat *wanted, int *opened) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
  DIR *descriptors = opendir(path);
  if (descriptors == NULL) return false;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(descriptors)) != NULL;) {
    struct stat state;
    if (fstatat(dirfd(descriptors), entry->d_name, &state, 0) < 0) continue;
    if (state.st_ino != wanted->st_ino || state.st_dev != wanted->st_dev) continue;
    if (opened != NULL) *opened = openat(dirfd(descriptors), entry->d_name, O_RDONLY | O_CLOEXEC);
    found = opened == NULL || *opened >= 0;
  }
  closedir(descriptors);
  return found;
}

pid_t witness_find(const struct stat *wanted, const char *other, int *opened) {
  if (opened != NULL) *opened = -1;
  DIR *processes = opendir("/proc");
  if (processes == NULL) return -1;
  uint64_t pid = 0;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(processes)) != NULL;) {
    found = parse_number(entry->d_name, INT32_MAX, &pid) && is_called(entry->d_name, other) &&
            has_open(entry->d_name, wanted, opened);
  }
  closedir(processes);
  return found ? (pid_t)pid : -1;
}
