// The container's root: an overlay or a plain directory, and the step into it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "fail.h"
#include "kernel_mount.h"
#include "mount.h"
#include "util.h"

// fsconfig(2) takes 255 bytes of text.
enum { TEXT_MAX = 255 };

// Puts the root over its mount point, where its files become visible, and keeps it.
static int attach(struct child *child, int mount, const char *mountpoint) {
  CLEAN_FD int over = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (over < 0) return fail(mountpoint);
  // pivot_root(2) refuses a root that is shared.
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  if (mount_setattr_(mount, "", AT_EMPTY_PATH, &attr) != 0 || move_mount_(mount, over) != 0) return fail(mountpoint);
  child->rootfs = fcntl(mount, F_DUPFD_CLOEXEC, 3);
  return child->rootfs < 0 ? fail(mountpoint) : 0;
}

// A directory by its path, or, when that is too long, by a descriptor that stays open until the mount exists.
static int set_directory(int context, const char *key, const char *path) {
  char name[40];
  if (strlen(path) <= TEXT_MAX) return fsconfig_(context, FSCONFIG_SET_STRING, key, path);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return fsconfig_(context, FSCONFIG_SET_STRING, key, name);
}

static int overlay_context(const struct operation *op) {
  CLEAN_FD int context = fsopen_("overlay");
  if (context < 0) return -1;
  if (fsconfig_(context, FSCONFIG_SET_STRING, "source", "overlay") != 0) return -1;
  for (unsigned i = 4; i < op->argc; i++) {
    if (set_directory(context, "lowerdir+", op->args[i].text) == 0) continue;
    // Kernels before 6.5 know it not, and say so by the first one.
    if (i == 4 && errno == EINVAL) return -1;
    return fail_filesystem(context, op->args[i].text);
  }
  if (!argument_empty(op, 1) && (set_directory(context, "upperdir", op->args[1].text) != 0 ||
                                 set_directory(context, "workdir", op->args[2].text) != 0)) {
    return fail_filesystem(context, op->args[1].text);
  }
  if (configure(context, op->args[3].text, op->args[0].text) != 0) return -1;
  if (fsconfig_(context, FSCONFIG_CMD_CREATE, NULL, NULL) != 0) return fail_filesystem(context, op->args[0].text);
  int mount = fsmount_(context, 0);
  return mount < 0 ? fail_filesystem(context, op->args[0].text) : mount;
}

struct options { char text[4096]; size_t used; bool cut; };

static void put(struct options *options, const char *word) {
  size_t length = strlen(word);
  if (options->used + length >= sizeof options->text - 1) {
    options->cut = true;
    return;
  }
  memcpy(options->text + options->used, word, length + 1);
  options->used += length;
}

// The directory by a short name, since mount(2) cuts options of more than 4095 bytes off without a word.
static void put_directory(struct options *options, const char *key, const char *path) {
  char name[40];
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail(path);
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  put(options, key);
  put(options, name);
}

static int overlay_by_mount(struct child *child, const struct operation *op) {
  struct options options = {.used = 0};
  const char *mountpoint = op->args[0].text;
  fail_clear();
  put(&options, op->args[3].text);
  for (unsigned i = 4; i < op->argc; i++) put_directory(&options, i == 4 ? ",lowerdir=" : ":", op->args[i].text);
  if (!argument_empty(op, 1)) {
    put_directory(&options, ",upperdir=", op->args[1].text);
    put_directory(&options, ",workdir=", op->args[2].text);
  }
  if (failure.path[0] != '\0') return -1;
  if (options.cut) {
    errno = E2BIG;
    return fail_detail(mountpoint, "an image of %d layers is too much for this kernel's overlay", (int)op->argc - 4);
  }
  const char *text = options.text[0] == ',' ? options.text + 1 : options.text;
  if (mount("overlay", mountpoint, "overlay", 0, text) != 0) return fail(mountpoint);
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  child->rootfs = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (child->rootfs < 0 || mount_setattr_(child->rootfs, "", AT_EMPTY_PATH, &attr) != 0) return fail(mountpoint);
  return 0;
}

int rootfs_overlay(struct child *child, const struct operation *op) {
  CLEAN_FD int mount = overlay_context(op);
  if (mount >= 0) return attach(child, mount, op->args[0].text);
  if (failure.error != 0) return -1;
  return overlay_by_mount(child, op);
}

int mount_overlay(struct child *child, const struct operation *op) {
  CLEAN_FD int mount = overlay_context(op);
  if (mount < 0) return failure.error != 0 ? -1 : fail(op->args[0].text);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  if (mount_setattr_(mount, "", AT_EMPTY_PATH, &attr) != 0) return fail(op->args[0].text);
  return mount_over(child, mount, op->args[0].text, true);
}

int rootfs_bind(struct child *child, const struct operation *op) {
  const char *source = op->args[1].text;
  CLEAN_FD int mount = open_tree_(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (mount < 0) return fail(source);
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  if (mount_setattr_(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) != 0) return fail(source);
  return attach(child, mount, op->args[0].text);
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
  if (read_only && mount_setattr_(AT_FDCWD, "/", 0, &attr) != 0) return fail("/");
  return 0;
}
