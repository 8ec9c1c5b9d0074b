/* Directories, links and special files of a layer. */
#include "tree_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int finish_directory(int fd, bool opaque) {
  struct stat status;
  if (fstat(fd, &status) != 0) return tree_fail("stat", meta.path);
  if (opaque && layer_make_opaque(fd) != 0) return -1;
  if (layer_set_attributes(fd) != 0) return -1;
  return layer_remember_time(status.st_ino);
}

int layer_put_directory(void) {
  if (*meta.path == '\0') return finish_directory(layer.root, false);
  const char *name;
  bool whiteout = false;
  int fd = layer_parent(meta.path, &name);
  if (fd < 0) return -1;
  if (mkdirat(fd, name, meta.mode & 0777) != 0) {
    struct stat status;
    if (errno != EEXIST) return tree_fail("mkdir", meta.path);
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", meta.path);
    if (!S_ISDIR(status.st_mode)) {
      if (layer_clear_way(fd, name, &whiteout) != 0) return -1;
      fd = layer_parent(meta.path, &name);
      if (fd < 0) return -1;
      if (mkdirat(fd, name, meta.mode & 0777) != 0) return tree_fail("mkdir", meta.path);
    }
  }
  int own = tree_open_child(fd, name);
  if (own < 0) return tree_fail("open", meta.path);
  /* What was deleted and is here again must not show what lies below. */
  int result = finish_directory(own, whiteout);
  close(own);
  return result;
}

int layer_put_symlink(struct reader *in) {
  char target[PATH_MAX];
  const char *name;
  bool whiteout;
  if (!frame_path(in, target)) return errno = ENAMETOOLONG, tree_fail("symlink", meta.path);
  int fd = layer_parent(meta.path, &name);
  if (fd < 0) return -1;
  if (symlinkat(target, fd, name) != 0) {
    if (errno != EEXIST) return tree_fail("symlink", meta.path);
    if (layer_clear_way(fd, name, &whiteout) != 0) return -1;
    fd = layer_parent(meta.path, &name);
    if (fd < 0) return -1;
    if (symlinkat(target, fd, name) != 0) return tree_fail("symlink", meta.path);
  }
  return layer_set_attributes_at(fd, name);
}

int layer_put_hard_link(struct reader *in) {
  char target[PATH_MAX];
  const char *name, *target_name;
  struct stat old, new;
  bool whiteout;
  if (layer_read_path(in, meta.path, false) != 0 || layer_read_path(in, target, false) != 0) return -1;
  /* The target's parent may push ours out of the cache, hence a copy. */
  int from = tree_parent_of(layer.parents, target, false, &target_name);
  if (from < 0 || (from = fcntl(from, F_DUPFD_CLOEXEC, 0)) < 0) return tree_fail("open", target);
  int result = -1, fd = layer_parent(meta.path, &name);
  if (fd < 0) goto done;
  if (fstatat(from, target_name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
    tree_fail("link", target);
    goto done;
  }
  result = linkat(from, target_name, fd, name, 0);
  if (result != 0 && errno == EEXIST) {
    if (fstatat(fd, name, &new, AT_SYMLINK_NOFOLLOW) == 0 && new.st_ino == old.st_ino && new.st_dev == old.st_dev) {
      result = 0;
      goto done;
    }
    if (layer_clear_way(fd, name, &whiteout) != 0 || (fd = layer_parent(meta.path, &name)) < 0) goto done;
    result = linkat(from, target_name, fd, name, 0);
  }
  if (result != 0) tree_fail("link", meta.path);
  /* A name given in this layer makes the file this layer's: a whiteout for the layer below spares it. */
  else if (tree_inode_add(&layer.own, old.st_dev, old.st_ino) < 0) result = tree_fail("malloc", "");
done:
  close(from);
  return result;
}

int layer_put_node(struct reader *in) {
  const char *name;
  bool whiteout;
  uint32_t major = frame_u32(in), minor = frame_u32(in);
  dev_t device = makedev(major, minor);
  int fd = layer_parent(meta.path, &name);
  if (fd < 0) return -1;
  if (mknodat(fd, name, meta.mode, device) != 0) {
    if (errno != EEXIST) return tree_fail("mknod", meta.path);
    if (layer_clear_way(fd, name, &whiteout) != 0) return -1;
    fd = layer_parent(meta.path, &name);
    if (fd < 0) return -1;
    if (mknodat(fd, name, meta.mode, device) != 0) return tree_fail("mknod", meta.path);
  }
  return layer_set_attributes_at(fd, name);
}
