/* Removing trees: any depth, any mode, never through a link, never into another mount. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* Directories deeper than this are moved up to the tree's own top, so that depth costs neither descriptors nor stack. */
enum { MAX_DEPTH = 40, BATCH = 8 * 1024 };

static int empty(int base, int fd, int depth);

static int hoist(int base, int fd, const char *name) {
  static unsigned counter;
  char moved[48];
  for (;;) {
    snprintf(moved, sizeof moved, ".wherry-removed-%u", counter++);
    /* RENAME_NOREPLACE */
    if (syscall(SYS_renameat2, fd, name, base, moved, 1u) == 0) return 0;
    if (errno != EEXIST) return tree_fail("rename", name);
  }
}

static int remove_directory(int base, int fd, const char *name, int depth) {
  if (depth >= MAX_DEPTH) return hoist(base, fd, name);
  int child = tree_open_child(fd, name);
  if (child < 0 && errno == EACCES && fchmodat(fd, name, 0700, 0) == 0) child = tree_open_child(fd, name);
  if (child < 0) {
    if (errno == ENOENT) return 0;
    if (errno == EXDEV) errno = EBUSY;
    return tree_fail("open", name);
  }
  int result = empty(depth == 0 ? child : base, child, depth + 1);
  close(child);
  if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return result;
  return tree_fail("rmdir", name);
}

static int remove_entry(int base, int fd, const char *name, uint8_t type, int depth) {
  if (type != DT_DIR) {
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && !(errno == EPERM && type == DT_UNKNOWN)) return tree_fail("unlink", name);
  }
  if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return tree_fail("rmdir", name);
  return remove_directory(base, fd, name, depth);
}

/* Goes on past what can't be removed; the first failure is the one recorded. */
static int empty(int base, int fd, int depth) {
  unsigned char *batch = malloc(BATCH);
  if (batch == NULL) return tree_fail("malloc", "");
  int result = 0;
  fchmod(fd, 0700);
  for (size_t removed = 1; removed > 0;) {
    removed = 0;
    result = 0;
    lseek(fd, 0, SEEK_SET);
    for (;;) {
      long got = syscall(SYS_getdents64, fd, batch, BATCH);
      if (got < 0 && errno != ENOENT) result = tree_fail("getdents", "");
      if (got <= 0) break;
      for (long at = 0; at < got;) {
        const struct entry *entry = (const struct entry *)(batch + at);
        at += entry->size;
        if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
        if (remove_entry(base, fd, entry->name, entry->type, depth) == 0) removed++;
        else result = -1;
      }
    }
  }
  free(batch);
  return result;
}

int tree_remove_at(int parent, const char *name) {
  return remove_entry(parent, parent, name, DT_UNKNOWN, 0);
}

int tree_prune_at(int fd, const struct inode_set *keep) {
  struct name_list list;
  if (tree_names(fd, &list) != 0) return tree_fail("getdents", "");
  int result = 0;
  for (size_t i = 0; i < list.count && result == 0; i++) {
    const char *name = list.names[i];
    struct stat status;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      result = tree_fail("stat", name);
      break;
    }
    bool kept = tree_inode_has(keep, status.st_dev, status.st_ino);
    if (!S_ISDIR(status.st_mode)) {
      if (!kept && unlinkat(fd, name, 0) != 0) result = tree_fail("unlink", name);
      continue;
    }
    int child = tree_open_child(fd, name);
    if (child < 0) {
      result = tree_fail("open", name);
      break;
    }
    result = tree_prune_at(child, keep);
    close(child);
    /* A directory that isn't the layer's own goes with what it held, unless something of the layer is still in it. */
    if (result == 0 && !kept && unlinkat(fd, name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY && errno != EEXIST)
      result = tree_fail("rmdir", name);
  }
  tree_free_names(&list);
  return result;
}
