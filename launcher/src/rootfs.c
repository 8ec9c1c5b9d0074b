// The container's root, and the step into it. An overlay is made in overlay.c.
#include <errno.h>
#include <string.h>

#include "container.h"
#include "fail.h"
#include "mount.h"
#include "mount_attr.h"
#include "tree.h"
#include "util.h"

int rootfs_attach(struct child *child, int mount, const char *mountpoint) {
  CLEAN_FD int over = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (over < 0) return fail(mountpoint);
  // pivot_root(2) refuses a root that is shared.
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  if (set_detached_mount(mount, false, &attr) != 0 || attach_mount(mount, over) != 0) return fail(mountpoint);
  child->rootfs = fcntl(mount, F_DUPFD_CLOEXEC, 3);
  return child->rootfs < 0 ? fail(mountpoint) : 0;
}

int rootfs_bind(struct child *child, const struct operation *op) {
  const char *source = op->args[1].text;
  CLEAN_FD int tree = tree_open_plain(source, O_PATH | O_DIRECTORY);
  if (tree < 0) return fail(source);
  CLEAN_FD int mount = open_tree_(tree, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (mount < 0) return fail(source);
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  if (set_detached_mount(mount, true, &attr) != 0) return fail(source);
  return rootfs_attach(child, mount, op->args[0].text);
}

int pivot_root(struct child *child, const struct operation *op) {
  bool read_only;
  if (argument_flag(op, 0, &read_only) != 0) return -1;
  if (child->rootfs < 0) {
    errno = EINVAL;
    return fail(NULL);
  }
  // "." twice: the old root lands on top of the new one, and is detached from there (pivot_root(2)).
  if (fchdir(child->rootfs) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
      chdir("/") != 0) {
    return fail("/");
  }
  close_fd(&child->rootfs);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
  if (!read_only) return 0;
  CLEAN_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root >= 0 && set_mount(root, false, &attr) == 0 ? 0 : fail("/");
}
