// What a mount wants done to the files it shows: a new volume filled from the image, an owner given.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "tree.h"
#include "util.h"
#include "volume.h"

// A copy being made, and one that is whole; beside the volume's files, on the same file system.
#define FILLING "filling"
#define FILLED "filled"
#define DATA "_data"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static int from_tree(int result) {
  if (result == 0) return 0;
  errno = tree_failure.code;
  return fail(tree_failure.path);
}

static int remove_entry(int directory, const char *name) {
  tree_failure.code = 0;
  return from_tree(tree_remove_at(directory, name));
}

static int is_empty(int directory) {
  struct name_list list;
  if (tree_names(directory, &list) != 0) return -1;
  size_t count = list.count;
  tree_free_names(&list);
  return count == 0;
}

// Each entry by a rename, as the volume's directory itself may be mounted in another container. What that one has written
// meanwhile stays.
static int move_entries(int from, int to, const char *path) {
  struct name_list list;
  if (tree_names(from, &list) != 0) return fail(path);
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) {
    if (syscall(SYS_renameat2, from, list.names[i], to, list.names[i], RENAME_NOREPLACE) == 0) continue;
    result = errno == EEXIST ? remove_entry(from, list.names[i]) : fail(path);
  }
  tree_free_names(&list);
  return result;
}

// May be cut off at any point and done again.
static int take_in(int directory, int data, const char *path) {
  CLEAN_FD int filled = openat(directory, FILLED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat about;
  if (filled < 0 || fstat(filled, &about) != 0 || move_entries(filled, data, path) != 0) return fail(path);
  struct timespec times[2] = {about.st_atim, about.st_mtim};
  if (fchown(data, about.st_uid, about.st_gid) != 0 || fchmod(data, about.st_mode & 07777) != 0 ||
      futimens(data, times) != 0 || unlinkat(directory, FILLED, AT_REMOVEDIR) != 0) {
    return fail(path);
  }
  return 0;
}

// A volume that nothing is copied into belongs to whom the container's files do (`files-as`), unless it was given to somebody.
static int own_empty(int data, const char *path) {
  struct stat about;
  uid_t uid = (uid_t)setfsuid((uid_t)-1);
  gid_t gid = (gid_t)setfsgid((gid_t)-1);
  if (fstat(data, &about) != 0) return fail(path);
  if (uid == 0 || about.st_uid != 0) return 0;
  return fchown(data, uid, gid) == 0 ? 0 : fail(path);
}

int copy_up(const struct child *child, const struct operation *op) {
  const char *inside = op->args[0].text, *path = op->args[1].text;
  char target[PATH_MAX], source[40];
  if (child->rootfs < 0 || snprintf(target, sizeof target, "%s/" FILLING, path) >= (int)sizeof target) {
    errno = child->rootfs < 0 ? EINVAL : ENAMETOOLONG;
    return fail(path);
  }
  CLEAN_FD int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return fail(path);
  // Another container may be filling it; it goes on from there or finds it filled.
  while (flock(directory, LOCK_EX) != 0) if (errno != EINTR) return fail(path);
  CLEAN_FD int data = openat(directory, DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (data < 0) return fail(path);
  if (faccessat(directory, FILLED, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return take_in(directory, data, path);
  int empty = is_empty(data);
  if (empty < 0) return fail(path);
  if (!empty) return 0;
  if (remove_entry(directory, FILLING) != 0) return -1;
  CLEAN_FD int image = open_in_container(child, inside, O_PATH | O_DIRECTORY);
  if (image < 0) return errno == ENOENT || errno == ENOTDIR ? own_empty(data, path) : fail(inside);
  snprintf(source, sizeof source, "/proc/self/fd/%d/.", image);
  struct copy_counts counts = {0};
  tree_failure.code = 0;
  if (from_tree(tree_copy(source, target, COPY_REFLINK, &counts)) != 0) return -1;
  if (renameat(directory, FILLING, directory, FILLED) != 0) return fail(path);
  return take_in(directory, data, path);
}

static int give_entry(int parent, const char *name, uid_t uid, gid_t gid);

static int give_children(int fd, uid_t uid, gid_t gid) {
  struct name_list list;
  if (tree_names(fd, &list) != 0) return -1;
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) result = give_entry(fd, list.names[i], uid, gid);
  tree_free_names(&list);
  return result;
}

static int give_entry(int parent, const char *name, uid_t uid, gid_t gid) {
  struct stat about;
  if (fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : fail(name);
  if (about.st_uid != uid || about.st_gid != gid) {
    if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) return fail(name);
  }
  if (!S_ISDIR(about.st_mode)) return 0;
  CLEAN_FD int child = tree_open_child(parent, name);
  // Another file system that is mounted there isn't part of the mount's own files.
  if (child < 0) return errno == ENOENT || errno == EXDEV ? 0 : fail(name);
  return give_children(child, uid, gid);
}

int give(const struct operation *op) {
  const char *path = op->args[0].text;
  uint64_t uid, gid;
  if (argument_number(op, 1, UINT32_MAX - 1, &uid) != 0 || argument_number(op, 2, UINT32_MAX - 1, &gid) != 0) return -1;
  CLEAN_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) return fail(path);
  if ((about.st_uid != uid || about.st_gid != gid) && fchown(fd, (uid_t)uid, (gid_t)gid) != 0) return fail(path);
  if (!S_ISDIR(about.st_mode) || give_children(fd, (uid_t)uid, (gid_t)gid) == 0) return 0;
  int error = errno;
  char name[sizeof failure.path];
  snprintf(name, sizeof name, "%s", failure.path);
  fail_clear();
  errno = error;
  return fail_detail(path, "not all files below %s can be given to the container's user: %s: %s", path, name,
                     strerror(error));
}
