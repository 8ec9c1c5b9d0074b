/* Copying a tree with all that makes a file what it is. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util.h"

/* linux/fs.h, which musl's headers don't include. */
#ifndef FICLONE
#define FICLONE _IOW(0x94, 9, int)
#endif

enum { SMALL = 64 * 1024 };

struct copy {
  int target_root;
  bool reflink, shifted;
  struct copy_counts *counts;
  struct inode_set linked;
  char path[PATH_MAX];
};

static int copy_xattrs(struct copy *copy, int from, int to) {
  struct xattrs set;
  if (tree_xattrs(-1, "", from, S_IFREG, false, &set) != 0) return tree_fail("getxattr", copy->path);
  struct reader in = {set.data, set.data + set.size, false};
  for (uint16_t i = 0; i < set.count; i++) {
    char name[TREE_XATTR_NAME_MAX + 1];
    size_t length = frame_u16(&in);
    const unsigned char *bytes = frame_bytes(&in, length);
    size_t size = frame_u32(&in);
    unsigned char *value = (unsigned char *)frame_bytes(&in, size);
    if (bytes == NULL || value == NULL || length > TREE_XATTR_NAME_MAX) return errno = EIO, tree_fail("getxattr", copy->path);
    memcpy(name, bytes, length);
    name[length] = '\0';
    if (copy->shifted && tree_xattr_outside(name, value, size, copy->path) != 0) return -1;
    if (fsetxattr(to, name, value, size, 0) == 0) continue;
    if (errno != ENOTSUP && errno != EPERM && errno != EINVAL) return tree_fail("setxattr", copy->path);
    /* Without this one the tree would mean something else. */
    if (strcmp(name, "user.overlay.opaque") == 0) return tree_fail("setxattr", copy->path);
    copy->counts->refused++;
  }
  return 0;
}

/* The status of a file of the source, with the owner that its copy gets. */
static int wanted_status(struct copy *copy, int result, struct stat *status) {
  if (result != 0) return tree_fail("stat", copy->path);
  return copy->shifted ? tree_owner_outside(&status->st_uid, &status->st_gid, copy->path) : 0;
}

static int set_attributes(struct copy *copy, int fd, const struct stat *old) {
  struct stat status;
  if (fstat(fd, &status) != 0) return tree_fail("stat", copy->path);
  bool chowned = status.st_uid != old->st_uid || status.st_gid != old->st_gid;
  if (chowned && fchown(fd, old->st_uid, old->st_gid) != 0) return tree_fail("chown", copy->path);
  if ((chowned || status.st_mode != old->st_mode) && fchmod(fd, old->st_mode & 07777) != 0)
    return tree_fail("chmod", copy->path);
  return 0;
}

static int set_times(struct copy *copy, int fd, const char *name, const struct stat *old) {
  struct timespec times[2] = {old->st_atim, old->st_mtim};
  int failed = name == NULL ? futimens(fd, times) : utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW);
  return failed ? tree_fail("utimens", copy->path) : 0;
}

static int copy_by_reading(struct copy *copy, int from, int to, off_t at, off_t end) {
  static unsigned char buffer[SMALL];
  while (at < end) {
    size_t want = end - at < SMALL ? (size_t)(end - at) : SMALL;
    ssize_t got = pread(from, buffer, want, at);
    if (got < 0) return tree_fail("read", copy->path);
    if (got == 0) return 0;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = pwrite(to, buffer + done, (size_t)(got - done), at + done);
      if (put < 0) return tree_fail("write", copy->path);
      done += put;
    }
    at += got;
  }
  return 0;
}

static int copy_range(struct copy *copy, int from, int to, off_t at, off_t end) {
  copy->counts->bytes += (uint64_t)(end - at);
  while (end - at > SMALL) {
    off_t in = at, out = at;
    ssize_t put = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);
    if (put > 0) {
      at += put;
      continue;
    }
    if (put == 0 || errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) break;
    return tree_fail("write", copy->path);
  }
  return copy_by_reading(copy, from, to, at, end);
}

static int copy_data(struct copy *copy, int from, int to, const struct stat *old) {
  if (old->st_size == 0) return 0;
  if (copy->reflink) {
    if (ioctl(to, FICLONE, from) == 0) {
      copy->counts->cloned++;
      return 0;
    }
    if (errno == ENOSPC || errno == EDQUOT || errno == EIO) return tree_fail("clone", copy->path);
    /* This file system, or this pair of them, shares no extents: no use in asking again. */
    copy->reflink = false;
  }
  if ((off_t)old->st_blocks * 512 >= old->st_size) return copy_range(copy, from, to, 0, old->st_size);
  for (off_t at = 0; at < old->st_size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (hole < 0) return tree_fail("seek", copy->path);
    if (copy_range(copy, from, to, data, hole) != 0) return -1;
    at = hole;
  }
  return ftruncate(to, old->st_size) == 0 ? 0 : tree_fail("truncate", copy->path);
}

static int copy_file(struct copy *copy, int source, int target, const char *name, const struct stat *old) {
  int from = openat(source, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (from < 0) return tree_fail("open", copy->path);
  int to = openat(target, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, old->st_mode & 0777);
  int result = to < 0 ? tree_fail("open", copy->path) : copy_data(copy, from, to, old);
  if (result == 0) result = set_attributes(copy, to, old);
  if (result == 0) result = copy_xattrs(copy, from, to);
  if (result == 0) result = set_times(copy, to, NULL, old);
  close(from);
  if (to >= 0 && close(to) != 0 && result == 0) result = tree_fail("close", copy->path);
  return result;
}

static int copy_special(struct copy *copy, int source, int target, const char *name, const struct stat *old) {
  if (S_ISLNK(old->st_mode)) {
    char link[PATH_MAX];
    ssize_t length = readlinkat(source, name, link, sizeof link - 1);
    if (length < 0) return tree_fail("readlink", copy->path);
    link[length] = '\0';
    if (symlinkat(link, target, name) != 0) return tree_fail("symlink", copy->path);
  } else if (mknodat(target, name, old->st_mode, old->st_rdev) != 0) {
    return tree_fail("mknod", copy->path);
  }
  struct stat status;
  if (fstatat(target, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", copy->path);
  bool chowned = status.st_uid != old->st_uid || status.st_gid != old->st_gid;
  if (chowned && fchownat(target, name, old->st_uid, old->st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    return tree_fail("chown", copy->path);
  if (!S_ISLNK(old->st_mode) && (chowned || status.st_mode != old->st_mode) &&
      fchmodat(target, name, old->st_mode & 07777, 0) != 0)
    return tree_fail("chmod", copy->path);
  return set_times(copy, target, name, old);
}

static int copy_children(struct copy *copy, int source, int target);

static int copy_directory(struct copy *copy, int source, int target, const char *name, const struct stat *old) {
  int from = tree_open_child(source, name);
  if (from < 0) return tree_fail("open", copy->path);
  int to = -1, result = mkdirat(target, name, 0700) == 0 ? 0 : tree_fail("mkdir", copy->path);
  if (result == 0 && (to = tree_open_child(target, name)) < 0) result = tree_fail("open", copy->path);
  if (result == 0) result = copy_children(copy, from, to);
  if (result == 0) result = set_attributes(copy, to, old);
  if (result == 0) result = copy_xattrs(copy, from, to);
  if (result == 0) result = set_times(copy, to, NULL, old);
  close(from);
  if (to >= 0) close(to);
  return result;
}

/* 1 when it was linked to its other name in the copy, 0 when it is to be copied. */
static int link_to_first(struct copy *copy, int target, const char *name, const struct stat *old) {
  const char *first = tree_inode_first_path(&copy->linked, old->st_dev, old->st_ino, copy->path);
  if (first == NULL) return errno == 0 ? 0 : tree_fail("malloc", copy->path);
  return linkat(copy->target_root, first, target, name, 0) == 0 ? 1 : tree_fail("link", copy->path);
}

static int copy_child(struct copy *copy, int source, int target, const char *name) {
  struct stat old;
  if (wanted_status(copy, fstatat(source, name, &old, AT_SYMLINK_NOFOLLOW), &old) != 0) return -1;
  copy->counts->entries++;
  if (S_ISDIR(old.st_mode)) return copy_directory(copy, source, target, name, &old);
  if (old.st_nlink > 1) {
    int linked = link_to_first(copy, target, name, &old);
    if (linked != 0) return linked < 0 ? -1 : 0;
  }
  if (S_ISREG(old.st_mode)) return copy_file(copy, source, target, name, &old);
  return copy_special(copy, source, target, name, &old);
}

static int copy_children(struct copy *copy, int source, int target) {
  struct name_list list;
  if (tree_names(source, &list) != 0) return tree_fail("getdents", copy->path);
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) {
    int length = tree_path_push(copy->path, list.names[i]);
    if (length < 0) {
      result = tree_fail("path", copy->path);
      break;
    }
    result = copy_child(copy, source, target, list.names[i]);
    tree_path_pop(copy->path, length);
  }
  tree_free_names(&list);
  return result;
}

int tree_copy(const char *source, const char *target, unsigned flags, struct copy_counts *counts) {
  struct copy copy = {.reflink = flags & COPY_REFLINK, .shifted = flags & COPY_SHIFTED, .counts = counts};
  struct stat old;
  int from = tree_open_root(source);
  if (from < 0) return -1;
  int to = -1, result = -1;
  if (mkdir(target, 0700) != 0 && errno != EEXIST) tree_fail("mkdir", target);
  else if ((to = tree_open_root(target)) >= 0) result = 0;
  copy.target_root = to;
  if (result == 0) result = wanted_status(&copy, fstat(from, &old), &old);
  if (result == 0) result = copy_children(&copy, from, to);
  if (result == 0) result = set_attributes(&copy, to, &old);
  if (result == 0) result = copy_xattrs(&copy, from, to);
  if (result == 0) result = set_times(&copy, to, NULL, &old);
  tree_inode_free(&copy.linked);
  close(from);
  if (to >= 0) close(to);
  return result;
}

int tree_copy_plain(const char *source, const char *target, unsigned flags, struct copy_counts *counts) {
  char by_source[NAME_MAX + 40], by_target[NAME_MAX + 40];
  const char *from, *to;
  CLEAN_FD int source_parent = tree_open_plain_parent(source, &from);
  if (source_parent < 0) return tree_fail("open", source);
  CLEAN_FD int target_parent = tree_open_plain_parent(target, &to);
  if (target_parent < 0) return tree_fail("open", target);
  if (snprintf(by_source, sizeof by_source, "/proc/self/fd/%d/%s", source_parent, from) >= (int)sizeof by_source ||
      snprintf(by_target, sizeof by_target, "/proc/self/fd/%d/%s", target_parent, to) >= (int)sizeof by_target) {
    errno = ENAMETOOLONG;
    return tree_fail("open", source);
  }
  if (tree_copy(by_source, by_target, flags, counts) == 0) return 0;
  /* A path by descriptor tells nobody anything. */
  if (strncmp(tree_failure.path, "/proc/self/fd/", strlen("/proc/self/fd/")) == 0)
    snprintf(tree_failure.path, sizeof tree_failure.path, "%s", source);
  return -1;
}
