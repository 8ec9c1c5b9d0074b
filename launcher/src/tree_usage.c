/* How much a tree takes. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int add(const struct stat *status, struct inode_set *seen, struct usage *sum) {
  if (status->st_nlink > 1 && !S_ISDIR(status->st_mode)) {
    int fresh = tree_inode_add(seen, status->st_dev, status->st_ino);
    if (fresh < 0) return tree_fail("malloc", "");
    if (fresh == 0) return 0;
  }
  if (!S_ISDIR(status->st_mode)) sum->apparent += (uint64_t)status->st_size;
  sum->allocated += (uint64_t)status->st_blocks * 512;
  sum->inodes++;
  if (status->st_uid > sum->highest_uid) sum->highest_uid = status->st_uid;
  if (status->st_gid > sum->highest_gid) sum->highest_gid = status->st_gid;
  return 0;
}

static int walk(int fd, struct inode_set *seen, struct usage *sum) {
  struct name_list list;
  if (tree_names(fd, &list) != 0) return tree_fail("getdents", "");
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) {
    struct stat status;
    if (fstatat(fd, list.names[i], &status, AT_SYMLINK_NOFOLLOW) != 0) {
      /* The tree may be a running container's. */
      if (errno != ENOENT) result = tree_fail("stat", list.names[i]);
      continue;
    }
    if ((result = add(&status, seen, sum)) != 0 || !S_ISDIR(status.st_mode)) continue;
    int child = tree_open_child(fd, list.names[i]);
    if (child < 0) {
      if (errno != ENOENT && errno != EXDEV && errno != ELOOP && errno != ENOTDIR) result = tree_fail("open", list.names[i]);
      continue;
    }
    result = walk(child, seen, sum);
    close(child);
  }
  tree_free_names(&list);
  return result;
}

int tree_usage(const char *path, struct inode_set *seen, struct usage *sum) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return 0;
    if (errno != ENOTDIR && errno != ELOOP) return tree_fail("open", path);
    return lstat(path, &status) == 0 ? add(&status, seen, sum) : tree_fail("stat", path);
  }
  int result = fstat(fd, &status) == 0 ? add(&status, seen, sum) : tree_fail("stat", path);
  if (result == 0) result = walk(fd, seen, sum);
  close(fd);
  return result;
}
