// Files of the container's root. Every path is resolved with openat2(2) RESOLVE_IN_ROOT: a link in an image leads nowhere else.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "util.h"

int open_inside(int root, const char *path, int flags) {
  struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int fd;
  // EAGAIN: a rename elsewhere in the tree got in between, and the kernel couldn't tell whether it mattered.
  for (int i = 0; i < 100; i++) {
    fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return fd;
  }
  return fd;
}

int open_in_container(const struct child *child, const char *path, int flags) {
  if (child->rootfs >= 0) return open_inside(child->rootfs, path, flags);
  return open(path, flags | O_CLOEXEC);
}

static int need_root(const struct child *child, const char *path) {
  if (child->rootfs >= 0) return 0;
  errno = EINVAL;
  return fail_detail(path, "%s: there is no root filesystem yet", path);
}

int inside_make_dirs(const struct child *child, const char *path, mode_t mode) {
  if (need_root(child, path) != 0) return -1;
  int fd = open_inside(child->rootfs, path, O_PATH | O_DIRECTORY);
  if (fd >= 0 || errno != ENOENT) return fd >= 0 ? fd : fail(path);
  char prefix[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof prefix) {
    errno = ENAMETOOLONG;
    return fail(path);
  }
  CLEAN_FD int parent = open_inside(child->rootfs, "/", O_PATH | O_DIRECTORY);
  for (size_t end = 0; end < length;) {
    size_t start = end + strspn(path + end, "/");
    end = start + strcspn(path + start, "/");
    if (start == end) break;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    bool last = path[end + strspn(path + end, "/")] == '\0';
    int next = open_inside(child->rootfs, prefix, O_PATH | O_DIRECTORY);
    if (next < 0 && errno == ENOENT) {
      // Not through the umask: the mode is the program's.
      if (mkdirat(parent, prefix + start, last ? mode : 0755) != 0 && errno != EEXIST) return fail(path);
      next = open_inside(child->rootfs, prefix, O_PATH | O_DIRECTORY);
    }
    if (next < 0) return fail(path);
    close_fd(&parent);
    parent = next;
  }
  int result = parent;
  parent = -1;
  return result;
}

// Opens the directory that holds `path`, made when missing, and sets *name to its last component.
static int open_parent(const struct child *child, const char *path, const char **name) {
  char directory[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (slash == NULL || slash[1] == '\0' || strlen(path) >= sizeof directory) {
    errno = EINVAL;
    return fail(path);
  }
  size_t length = slash == path ? 1 : (size_t)(slash - path);
  memcpy(directory, path, length);
  directory[length] = '\0';
  *name = slash + 1;
  return inside_make_dirs(child, directory, 0755);
}

int inside_open_target(const struct child *child, const char *path, bool directory) {
  if (need_root(child, path) != 0) return -1;
  int fd = open_inside(child->rootfs, path, O_PATH);
  struct stat about;
  if (fd >= 0 && fstat(fd, &about) == 0) {
    if (S_ISDIR(about.st_mode) == directory) return fd;
    close(fd);
    errno = directory ? ENOTDIR : EISDIR;
    return fail_detail(path, "%s can't be mounted: a directory can't go over a file, nor a file over a directory", path);
  }
  if (errno != ENOENT) return fail(path);
  if (directory) return inside_make_dirs(child, path, 0755);
  const char *name;
  CLEAN_FD int parent = open_parent(child, path, &name);
  if (parent < 0) return -1;
  CLEAN_FD int made = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (made < 0) return fail(path);
  fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 ? fd : fail(path);
}

int rootfs_dir(const struct child *child, const struct operation *op) {
  const char *path = op->args[0].text;
  uint64_t mode, uid = (uid_t)-1, gid = (gid_t)-1;
  if (argument_number(op, 1, 07777, &mode) != 0) return -1;
  if (!argument_empty(op, 2) && argument_number(op, 2, UINT32_MAX - 1, &uid) != 0) return -1;
  if (!argument_empty(op, 3) && argument_number(op, 3, UINT32_MAX - 1, &gid) != 0) return -1;
  CLEAN_FD int there = open_inside(child->rootfs, path, O_PATH | O_DIRECTORY);
  if (there >= 0) return 0;
  CLEAN_FD int made = inside_make_dirs(child, path, 0755);
  if (made < 0) return -1;
  char name[40];
  snprintf(name, sizeof name, "/proc/self/fd/%d", made);
  if ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(name, (uid_t)uid, (gid_t)gid) != 0) return fail(path);
  return chmod(name, (mode_t)mode) == 0 ? 0 : fail(path);
}

int rootfs_file(const struct child *child, const struct operation *op) {
  const char *path = op->args[0].text, *name;
  uint64_t mode;
  if (argument_number(op, 1, 07777, &mode) != 0) return -1;
  CLEAN_FD int parent = open_parent(child, path, &name);
  if (parent < 0) return -1;
  return replace_file(parent, name, (mode_t)mode, op->args[2].text, op->args[2].length) == 0 ? 0 : fail(path);
}

int rootfs_symlink(const struct child *child, const struct operation *op) {
  const char *path = op->args[0].text, *name;
  CLEAN_FD int parent = open_parent(child, path, &name);
  if (parent < 0) return -1;
  if (symlinkat(op->args[1].text, parent, name) == 0 || errno == EEXIST) return 0;
  return fail(path);
}
