/* Telling what a tree holds, and reading from it. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util.h"

enum { PIECE = 64 * 1024 };

struct scan { uint32_t id; bool data; struct inode_set linked; char path[PATH_MAX]; };

static void put_entry(uint32_t id, const struct stat *status, const char *path, const char *link, bool hard,
                      const struct xattrs *xattrs) {
  reply_begin(TREE_ENTRY, id);
  reply_u8(hard);
  reply_u32(status->st_mode);
  reply_u32(tree_uid_inside(status->st_uid));
  reply_u32(tree_gid_inside(status->st_gid));
  reply_u64((uint64_t)status->st_mtim.tv_sec);
  reply_u32((uint32_t)status->st_mtim.tv_nsec);
  reply_u64((uint64_t)status->st_size);
  reply_u32(major(status->st_rdev));
  reply_u32(minor(status->st_rdev));
  reply_u32((uint32_t)status->st_nlink);
  reply_string(path);
  reply_string(link);
  reply_u16(xattrs->count);
  reply_u32((uint32_t)xattrs->size);
  reply_bytes(xattrs->data, xattrs->size);
  reply_end();
}

static int send_data(const struct scan *scan, int fd, off_t at, off_t end) {
  static unsigned char buffer[PIECE];
  while (at < end) {
    ssize_t got = pread(fd, buffer, end - at < PIECE ? (size_t)(end - at) : PIECE, at);
    if (got < 0) return tree_fail("read", scan->path);
    /* The size was announced; a file that shrank meanwhile can't be told any more. */
    if (got == 0) return errno = ESTALE, tree_fail("read", scan->path);
    reply_begin(TREE_REPLY_DATA, scan->id);
    reply_bytes(buffer, (size_t)got);
    reply_end();
    at += got;
  }
  return 0;
}

static void send_hole(const struct scan *scan, off_t length) {
  if (length <= 0) return;
  reply_begin(TREE_REPLY_HOLE, scan->id);
  reply_u64((uint64_t)length);
  reply_end();
}

static int send_file(const struct scan *scan, int fd, const struct stat *status) {
  off_t size = status->st_size;
  if ((off_t)status->st_blocks * 512 >= size) return send_data(scan, fd, 0, size);
  for (off_t at = 0; at < size;) {
    off_t data = lseek(fd, at, SEEK_DATA);
    if (data < 0 && errno != ENXIO) return tree_fail("seek", scan->path);
    if (data < 0 || data > size) data = size;
    send_hole(scan, data - at);
    if (data == size) break;
    off_t hole = lseek(fd, data, SEEK_HOLE);
    if (hole < 0) return tree_fail("seek", scan->path);
    if (hole > size) hole = size;
    if (send_data(scan, fd, data, hole) != 0) return -1;
    at = hole;
  }
  return 0;
}

static int scan_file(struct scan *scan, int parent, const char *name) {
  struct xattrs xattrs;
  struct stat status;
  int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return tree_fail("open", scan->path);
  int result = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? 0 : tree_fail("stat", scan->path);
  if (result == 0 && tree_xattrs(-1, "", fd, status.st_mode, true, &xattrs) != 0) result = tree_fail("getxattr", scan->path);
  if (result == 0) {
    put_entry(scan->id, &status, scan->path, "", false, &xattrs);
    if (scan->data) result = send_file(scan, fd, &status);
  }
  close(fd);
  return result;
}

static int scan_directory(struct scan *scan, int fd);

static int scan_child(struct scan *scan, int parent, const char *name) {
  static const struct xattrs none;
  struct stat status;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", scan->path);
  if (S_ISDIR(status.st_mode)) {
    int fd = tree_open_child(parent, name);
    if (fd < 0) return tree_fail("open", scan->path);
    int result = scan_directory(scan, fd);
    close(fd);
    return result;
  }
  if (status.st_nlink > 1) {
    const char *first = tree_inode_first_path(&scan->linked, status.st_dev, status.st_ino, scan->path);
    if (first == NULL && errno != 0) return tree_fail("malloc", scan->path);
    if (first != NULL) return put_entry(scan->id, &status, scan->path, first, true, &none), 0;
  }
  if (S_ISREG(status.st_mode)) return scan_file(scan, parent, name);
  char link[PATH_MAX] = "";
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlinkat(parent, name, link, sizeof link - 1);
    if (length < 0) return tree_fail("readlink", scan->path);
    link[length] = '\0';
  }
  put_entry(scan->id, &status, scan->path, link, false, &none);
  return 0;
}

static int scan_directory(struct scan *scan, int fd) {
  struct xattrs xattrs;
  struct stat status;
  struct name_list list;
  if (fstat(fd, &status) != 0) return tree_fail("stat", scan->path);
  if (tree_xattrs(-1, "", fd, status.st_mode, true, &xattrs) != 0) return tree_fail("getxattr", scan->path);
  put_entry(scan->id, &status, scan->path, "", false, &xattrs);
  if (tree_names(fd, &list) != 0) return tree_fail("getdents", scan->path);
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) {
    int length = tree_path_push(scan->path, list.names[i]);
    if (length < 0) {
      result = tree_fail("path", scan->path);
      break;
    }
    result = scan_child(scan, fd, list.names[i]);
    tree_path_pop(scan->path, length);
  }
  tree_free_names(&list);
  return result;
}

// A tree that is no directory: one entry, with its own name as the path.
static int scan_single(struct scan *scan, const char *path) {
  const char *name;
  CLEAN_FD int parent = tree_open_parent(path, &name);
  if (parent < 0) return -1;
  snprintf(scan->path, sizeof scan->path, "%s", name);
  int result = scan_child(scan, parent, name);
  tree_inode_free(&scan->linked);
  return result;
}

static bool is_directory(const char *path) {
  struct stat status;
  return lstat(path, &status) != 0 || S_ISDIR(status.st_mode);
}

int tree_scan(uint32_t id, const char *path, bool data) {
  struct scan scan = {.id = id, .data = data};
  if (!is_directory(path)) return scan_single(&scan, path);
  int fd = tree_open_root(path);
  if (fd < 0) return -1;
  int result = scan_directory(&scan, fd);
  tree_inode_free(&scan.linked);
  close(fd);
  return result;
}

/* None of what can't be opened for reading: a directory of somebody else's is there all the same. */
static int directory_xattrs(int top, const char *path, struct xattrs *xattrs) {
  int fd = tree_open_in_root(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  if (fd < 0) return 0;
  int result = tree_xattrs(-1, "", fd, S_IFDIR, true, xattrs) == 0 ? 0 : tree_fail("getxattr", path);
  close(fd);
  return result;
}

int tree_stat(uint32_t id, const char *root, const char *path) {
  struct xattrs xattrs = {0};
  struct stat status;
  char link[PATH_MAX] = "";
  int top = tree_open_root(root);
  if (top < 0) return -1;
  int fd = tree_open_in_root(top, path, O_PATH | O_NOFOLLOW, 0);
  int result = fd >= 0 && fstat(fd, &status) == 0 ? 0 : tree_fail("stat", path);
  if (result == 0 && S_ISLNK(status.st_mode)) {
    ssize_t length = readlinkat(fd, "", link, sizeof link - 1);
    link[length < 0 ? 0 : length] = '\0';
  }
  if (fd >= 0) close(fd);
  if (result == 0 && S_ISDIR(status.st_mode)) result = directory_xattrs(top, path, &xattrs);
  close(top);
  if (result == 0) put_entry(id, &status, path, link, false, &xattrs);
  return result;
}

int tree_read(uint32_t id, const char *root, const char *path, uint32_t limit) {
  struct stat status;
  int top = tree_open_root(root);
  if (top < 0) return -1;
  int fd = tree_open_in_root(top, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  close(top);
  if (fd < 0) return tree_fail("open", path);
  int result = fstat(fd, &status) == 0 ? 0 : tree_fail("stat", path);
  if (result == 0 && !S_ISREG(status.st_mode)) {
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    result = tree_fail("read", path);
  }
  if (result == 0 && status.st_size > (off_t)limit) result = (errno = EFBIG, tree_fail("read", path));
  struct scan scan = {.id = id};
  if (result == 0) {
    memcpy(scan.path, path, strlen(path) + 1);
    result = send_data(&scan, fd, 0, status.st_size);
  }
  close(fd);
  return result;
}
