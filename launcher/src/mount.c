// Mounts inside the container's root, all made detached and then moved over a target that was resolved inside the root.
#include <errno.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "container.h"
#include "fail.h"
#include "mount.h"
#include "mount_attr.h"
#include "util.h"

static const struct { const char *name; uint64_t attribute; } flags[] = {
    {"readonly", MOUNT_ATTR_RDONLY}, {"nosuid", MOUNT_ATTR_NOSUID},   {"nodev", MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC},   {"noatime", MOUNT_ATTR_NOATIME}, {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
};

static int parse_flags(const struct operation *op, unsigned index, uint64_t *attributes) {
  *attributes = 0;
  for (const char *at = op->args[index].text; *at != '\0';) {
    size_t length = strcspn(at, ","), i = 0;
    while (i < COUNT(flags) && (strlen(flags[i].name) != length || memcmp(flags[i].name, at, length) != 0)) i++;
    if (i == COUNT(flags)) {
      errno = EINVAL;
      return fail_detail(NULL, "\"%s\" is not a mount flag", at);
    }
    *attributes |= flags[i].attribute;
    at += length + (at[length] == ',');
  }
  return 0;
}

int fail_filesystem(int context, const char *path) {
  // The kernel's own words, as "e overlay: ...".
  char words[256];
  int error = errno;
  ssize_t got = context < 0 ? -1 : read(context, words, sizeof words - 1);
  errno = error;
  if (got <= 2) return fail(path);
  words[got] = '\0';
  words[strcspn(words, "\n")] = '\0';
  return fail_detail(path, "%s can't be mounted: %s (%s)", path, words + 2, strerror(error));
}

int configure(int context, const char *options, const char *path) {
  char option[256];
  while (*options != '\0') {
    size_t length = strcspn(options, ",");
    if (length >= sizeof option) {
      errno = ENAMETOOLONG;
      return fail_detail(path, "a mount option of %s is longer than 255 bytes", path);
    }
    memcpy(option, options, length);
    option[length] = '\0';
    options += length + (options[length] == ',');
    char *value = strchr(option, '=');
    if (value != NULL) *value++ = '\0';
    unsigned command = value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    if (fsconfig_(context, command, option, value) != 0) return fail_filesystem(context, path);
  }
  return 0;
}

int mount_over(struct child *child, int mount, const char *target, bool directory) {
  CLEAN_FD int over = inside_open_target(child, target, directory);
  if (over < 0) return -1;
  return attach_mount(mount, over) == 0 ? 0 : fail(target);
}

static const char *const types[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2", NULL};

int mount_filesystem(struct child *child, const struct operation *op) {
  const char *target = op->args[2].text;
  uint64_t attributes;
  int type;
  if (argument_word(op, 0, types, &type) != 0 || parse_flags(op, 4, &attributes) != 0) return -1;
  CLEAN_FD int context = fsopen_(types[type]);
  if (context < 0) return fail(target);
  if (fsconfig_(context, FSCONFIG_SET_STRING, "source", op->args[1].text) != 0) return fail(target);
  if (configure(context, op->args[3].text, target) != 0) return -1;
  if (fsconfig_(context, FSCONFIG_CMD_CREATE, NULL, NULL) != 0) return fail_filesystem(context, target);
  CLEAN_FD int mount = fsmount_(context, (unsigned)attributes);
  if (mount < 0) return fail_filesystem(context, target);
  return mount_over(child, mount, target, true);
}

static const struct { const char *name; uint64_t propagation; bool recursive; } propagations[] = {
    {"private", MS_PRIVATE, false}, {"rprivate", MS_PRIVATE, true}, {"slave", MS_SLAVE, false},
    {"rslave", MS_SLAVE, true},     {"shared", MS_SHARED, false},   {"rshared", MS_SHARED, true},
};

static int set_propagation(int mount, const char *word, const char *path) {
  for (size_t i = 0; i < COUNT(propagations); i++) {
    if (strcmp(propagations[i].name, word) != 0) continue;
    struct mount_attr attr = {.propagation = propagations[i].propagation};
    return set_detached_mount(mount, propagations[i].recursive, &attr) == 0 ? 0 : fail(path);
  }
  errno = EINVAL;
  return fail_detail(path, "\"%s\" is not a kind of mount propagation", word);
}

// A path in a directory of the host, whose links lead nowhere else.
static int open_part(const char *source, const char *path) {
  CLEAN_FD int directory = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(source);
  int fd = open_inside(directory, path, O_PATH);
  return fd >= 0 ? fd : fail_detail(path, "there is no %s in %s: %s", path, source, strerror(errno));
}

int mount_bind(struct child *child, const struct operation *op) {
  const char *source = op->args[0].text, *target = op->args[1].text;
  uint64_t attributes;
  bool recursive;
  if (argument_flag(op, 2, &recursive) != 0 || parse_flags(op, 3, &attributes) != 0) return -1;
  unsigned depth = recursive ? AT_RECURSIVE : 0;
  CLEAN_FD int part = op->argc < 6 ? -1 : open_part(source, op->args[5].text);
  if (op->argc == 6 && part < 0) return -1;
  unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth;
  CLEAN_FD int mount = part >= 0 ? open_tree_(part, "", how | AT_EMPTY_PATH) : open_tree_(AT_FDCWD, source, how);
  struct stat about;
  if (mount < 0 || fstat(mount, &about) != 0) return fail(source);
  if (set_propagation(mount, op->args[4].text, source) != 0) return -1;
  if (attributes != 0) {
    struct mount_attr attr = {.attr_set = attributes};
    if (attributes & MOUNT_ATTR_NOATIME) attr.attr_clr = MOUNT_ATTR__ATIME;
    if (set_detached_mount(mount, recursive, &attr) != 0) return fail(source);
  }
  return mount_over(child, mount, target, S_ISDIR(about.st_mode));
}

// A copy of a mount of another mount namespace. Nothing but plain directories is followed: the tree is the other container's.
static int take_mount(const char *space, const char *path) {
  CLEAN_FD int other = open(space, O_RDONLY | O_CLOEXEC);
  if (other < 0) return fail(space);
  CLEAN_FD int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (own < 0) return fail("/proc/self/ns/mnt");
  if (setns(other, CLONE_NEWNS) != 0) return fail(space);
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  CLEAN_FD int there = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  int error = errno;
  int mount = there < 0 ? -1 : open_tree_(there, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (there >= 0) error = errno;
  if (setns(own, CLONE_NEWNS) != 0) return fail("/proc/self/ns/mnt");
  errno = error;
  return mount < 0 ? fail(path) : mount;
}

int share_mount(struct child *child, const struct operation *op) {
  CLEAN_FD int mount = take_mount(op->args[0].text, op->args[1].text);
  if (mount < 0) return -1;
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  if (set_detached_mount(mount, false, &attr) != 0) return fail(op->args[1].text);
  return mount_over(child, mount, op->args[2].text, true);
}

int mount_mask(struct child *child, const struct operation *op) {
  const char *path = op->args[0].text;
  CLEAN_FD int target = open_in_container(child, path, O_PATH);
  struct stat about;
  if (target < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : fail(path);
  if (fstat(target, &about) != 0) return fail(path);
  if (S_ISDIR(about.st_mode)) {
    CLEAN_FD int context = fsopen_("tmpfs");
    if (context < 0 || fsconfig_(context, FSCONFIG_SET_STRING, "size", "0k") != 0 ||
        fsconfig_(context, FSCONFIG_CMD_CREATE, NULL, NULL) != 0) {
      return fail_filesystem(context, path);
    }
    CLEAN_FD int empty = fsmount_(context, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return empty >= 0 && attach_mount(empty, target) == 0 ? 0 : fail(path);
  }
  CLEAN_FD int null = open_tree_(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return null >= 0 && attach_mount(null, target) == 0 ? 0 : fail(path);
}

int mount_read_only(struct child *child, const struct operation *op) {
  const char *path = op->args[0].text;
  CLEAN_FD int target = open_in_container(child, path, O_PATH);
  if (target < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : fail(path);
  CLEAN_FD int copy = open_tree_(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
  return copy >= 0 && set_detached_mount(copy, true, &attr) == 0 && attach_mount(copy, target) == 0 ? 0 : fail(path);
}
