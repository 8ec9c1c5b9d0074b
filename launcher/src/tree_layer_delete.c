/* What a layer deletes or replaces of those below it. */
#include "tree_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int layer_clear_way(int fd, const char *name, bool *whiteout) {
  struct stat status;
  if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", meta.path);
  *whiteout = layer.overlay && tree_is_whiteout(&status);
  if (tree_remove_at(fd, name) != 0) return -1;
  if (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)) tree_parents_forget(layer.parents);
  return 0;
}

int layer_make_opaque(int fd) {
  if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) != 0) return tree_fail("setxattr", meta.path);
  return 0;
}

int layer_put_whiteout(void) {
  const char *name;
  struct stat status;
  int fd = layer.overlay ? layer_parent(meta.path, &name) : tree_parent_of(layer.parents, meta.path, false, &name);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : tree_fail("open", meta.path);
  bool there = fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && errno != ENOENT) return tree_fail("stat", meta.path);
  if (layer.overlay && !there) {
    if (mknodat(fd, name, S_IFCHR, makedev(0, 0)) != 0) return tree_fail("mknod", meta.path);
    return 0;
  }
  if (!there) return 0;
  bool own = tree_inode_has(&layer.own, status.st_dev, status.st_ino);
  if (!S_ISDIR(status.st_mode)) {
    if (layer.overlay || own) return 0;
    int result = tree_remove_at(fd, name);
    if (S_ISLNK(status.st_mode)) tree_parents_forget(layer.parents);
    return result;
  }
  int directory = tree_open_child(fd, name);
  if (directory < 0) return tree_fail("open", meta.path);
  int result = layer.overlay ? layer_make_opaque(directory) : tree_prune_at(directory, &layer.own);
  close(directory);
  if (result == 0 && !layer.overlay && !own && unlinkat(fd, name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    result = tree_fail("rmdir", meta.path);
  if (!layer.overlay) tree_parents_forget(layer.parents);
  return result;
}

int layer_put_opaque(void) {
  const char *name;
  if (*meta.path == '\0') return layer.overlay ? layer_make_opaque(layer.root) : tree_prune_at(layer.root, &layer.own);
  int fd = layer_parent(meta.path, &name);
  if (fd < 0) return -1;
  bool made = mkdirat(fd, name, 0755) == 0;
  if (!made && errno != EEXIST) return tree_fail("mkdir", meta.path);
  int directory = tree_open_child(fd, name);
  if (directory < 0) return tree_fail("open", meta.path);
  int result = 0;
  if (layer.overlay) result = layer_make_opaque(directory);
  else if (!made) result = tree_prune_at(directory, &layer.own);
  close(directory);
  if (!layer.overlay) tree_parents_forget(layer.parents);
  return result;
}
