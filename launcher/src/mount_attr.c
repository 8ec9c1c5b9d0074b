#include "mount_attr.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "util.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const struct { uint64_t attribute; unsigned long flag; } flags[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY}, {MOUNT_ATTR_NOSUID, MS_NOSUID},   {MOUNT_ATTR_NODEV, MS_NODEV},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC}, {MOUNT_ATTR_NOATIME, MS_NOATIME}, {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};
// What a mount has; a user namespace may not take from it what it came with (mount_namespaces(7)).
static const struct { unsigned long had, flag; } kept[] = {
    {ST_RDONLY, MS_RDONLY}, {ST_NOSUID, MS_NOSUID},   {ST_NODEV, MS_NODEV},         {ST_NOEXEC, MS_NOEXEC},
    {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME},
};

static int remount(const char *path, uint64_t attributes) {
  struct statvfs about;
  unsigned long all = MS_REMOUNT | MS_BIND;
  if (statvfs(path, &about) != 0) return -1;
  for (size_t i = 0; i < COUNT(kept); i++) all |= about.f_flag & kept[i].had ? kept[i].flag : 0;
  for (size_t i = 0; i < COUNT(flags); i++) all |= attributes & flags[i].attribute ? flags[i].flag : 0;
  if (all & MS_NOATIME) all &= ~(unsigned long)MS_RELATIME;
  return mount(NULL, path, NULL, all, NULL);
}

// Octal numbers stand for what would end the field (proc_pid_mountinfo(5)).
static void unescape(char *text) {
  char *to = text;
  for (const char *at = text; *at != '\0'; to++) {
    if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3') {
      *to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
      at += 4;
    } else {
      *to = *at++;
    }
  }
  *to = '\0';
}

static int remount_below(const char *root, uint64_t attributes) {
  FILE *list = fopen("/proc/self/mountinfo", "re");
  char *line = NULL;
  size_t size = 0, length = strlen(root);
  int result = list == NULL ? -1 : 0;
  while (result == 0 && getline(&line, &size, list) > 0) {
    char *at = line;
    for (int field = 0; field < 4 && at != NULL; field++) at = strchr(at + (field > 0), ' ');
    if (at == NULL) continue;
    char *point = at + 1;
    point[strcspn(point, " ")] = '\0';
    unescape(point);
    if (strncmp(point, root, length) == 0 && point[length] == '/') result = remount(point, attributes);
    // One that another hides, or that has gone with it.
    if (result != 0 && errno == ENOENT) result = 0;
  }
  free(line);
  if (list != NULL) fclose(list);
  return result;
}

static int set_by_mount(int mount_fd, bool recursive, const struct mount_attr *attr) {
  char name[40], path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", mount_fd);
  if (attr->propagation != 0 && mount(NULL, name, NULL, attr->propagation | (recursive ? MS_REC : 0), NULL) != 0) return -1;
  if (attr->attr_set == 0) return 0;
  if (remount(name, attr->attr_set) != 0) return -1;
  if (!recursive) return 0;
  ssize_t got = readlink(name, path, sizeof path - 1);
  if (got < 0) return -1;
  path[got] = '\0';
  return remount_below(path, attr->attr_set);
}

int set_mount(int mount_fd, bool recursive, const struct mount_attr *attr) {
  struct mount_attr asked = *attr;
  if (mount_setattr_(mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &asked) == 0) return 0;
  return errno == ENOSYS ? set_by_mount(mount_fd, recursive, attr) : -1;
}

// What mount(2) can't do before they are attached.
static struct { int mount; bool recursive; struct mount_attr attr; } waiting[2];
static unsigned waiting_count;

int set_detached_mount(int mount_fd, bool recursive, const struct mount_attr *attr) {
  struct mount_attr asked = *attr;
  if (mount_setattr_(mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &asked) == 0) return 0;
  if (errno != ENOSYS) return -1;
  if (waiting_count == COUNT(waiting)) return errno = ENOBUFS, -1;
  waiting[waiting_count].mount = mount_fd;
  waiting[waiting_count].recursive = recursive;
  waiting[waiting_count++].attr = *attr;
  return 0;
}

int attach_mount(int mount_fd, int over) {
  unsigned count = waiting_count;
  waiting_count = 0;
  if (move_mount_(mount_fd, over) != 0) return -1;
  for (unsigned i = 0; i < count; i++) {
    if (waiting[i].mount != mount_fd) return errno = EINVAL, -1;
    if (set_by_mount(mount_fd, waiting[i].recursive, &waiting[i].attr) != 0) return -1;
  }
  return 0;
}
