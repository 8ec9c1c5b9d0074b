// Overlays: the container's root, and images mounted inside it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "fail.h"
#include "kernel_mount.h"
#include "mount.h"
#include "mount_attr.h"
#include "tree.h"
#include "util.h"

// The directories of an overlay, open until it is mounted: the lower ones from the top, then upper and work where there are such.
struct stack { unsigned lower, count; int *fds; };

static void close_stack(struct stack *stack) {
  int error = errno;
  for (unsigned i = 0; i < stack->count; i++) close(stack->fds[i]);
  free(stack->fds);
  errno = error;
}

static const char *path_of(const struct operation *op, const struct stack *stack, unsigned i) {
  return op->args[i < stack->lower ? 4 + i : 1 + i - stack->lower].text;
}

static int open_stack(const struct operation *op, struct stack *stack) {
  stack->lower = op->argc - 4u;
  unsigned all = stack->lower + (argument_empty(op, 1) ? 0 : 2);
  stack->fds = malloc(all * sizeof *stack->fds);
  if (stack->fds == NULL) return fail(NULL);
  while (stack->count < all) {
    const char *path = path_of(op, stack, stack->count);
    int fd = tree_open_plain(path, O_PATH | O_DIRECTORY);
    if (fd < 0) return fail(path);
    stack->fds[stack->count++] = fd;
  }
  return 0;
}

// Each directory by its descriptor, since fsconfig(2) takes 255 bytes of text.
static int by_context(const struct operation *op, const struct stack *stack) {
  const char *target = op->args[0].text;
  CLEAN_FD int context = fsopen_("overlay");
  if (context < 0 || fsconfig_(context, FSCONFIG_SET_STRING, "source", "overlay") != 0) return fail(target);
  for (unsigned i = 0; i < stack->count; i++) {
    const char *key = i < stack->lower ? "lowerdir+" : i == stack->lower ? "upperdir" : "workdir";
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", stack->fds[i]);
    if (fsconfig_(context, FSCONFIG_SET_STRING, key, name) != 0) return fail_filesystem(context, path_of(op, stack, i));
  }
  if (configure(context, op->args[3].text, target) != 0) return -1;
  if (fsconfig_(context, FSCONFIG_CMD_CREATE, NULL, NULL) != 0) return fail_filesystem(context, target);
  int mount = fsmount_(context, 0);
  return mount < 0 ? fail_filesystem(context, target) : mount;
}

// mount(2) cuts options of more than 4095 bytes off without a word.
struct options { char text[4096]; size_t used; bool cut; };

static void put(struct options *options, const char *word) {
  size_t length = strlen(word);
  if (options->used + length >= sizeof options->text) {
    options->cut = true;
    return;
  }
  memcpy(options->text + options->used, word, length + 1);
  options->used += length;
}

// From within /proc/self/fd a descriptor's name is its number, so that 500 directories take less than half of the room.
static int mount_from_descriptors(const char *text, const char *target, unsigned long flags) {
  CLEAN_FD int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (before < 0 || chdir("/proc/self/fd") != 0) return -1;
  int result = mount("overlay", target, "overlay", flags, text), error = errno;
  if (fchdir(before) != 0) return -1;
  errno = error;
  return result;
}

static int by_mount(const struct operation *op, const struct stack *stack, const char *target, unsigned long flags) {
  struct options options = {.used = 0};
  put(&options, op->args[3].text);
  for (unsigned i = 0; i < stack->count; i++) {
    char word[40];
    const char *key = i == 0 ? ",lowerdir=" : i < stack->lower ? ":" : i == stack->lower ? ",upperdir=" : ",workdir=";
    snprintf(word, sizeof word, "%s%d", key, stack->fds[i]);
    put(&options, word);
  }
  if (options.cut) {
    errno = E2BIG;
    return fail_detail(op->args[0].text, "an image of %u layers is too much for this kernel's overlay", stack->lower);
  }
  const char *text = options.text[0] == ',' ? options.text + 1 : options.text;
  return mount_from_descriptors(text, target, flags) == 0 ? 0 : fail(op->args[0].text);
}

// `lowerdir+` is there since Linux 6.8. Before 6.5 an overlay's context takes any option, and says EINVAL at the end.
static bool too_old_kernel(void) { return failure.error == EINVAL; }

static int by_mount_after(const struct operation *op, const struct stack *stack, const char *target, unsigned long flags) {
  struct failure first = failure;
  fail_clear();
  if (by_mount(op, stack, target, flags) == 0) return 0;
  // EINVAL again: it wasn't the kernel's age, and the first one comes with the kernel's words.
  if (failure.error == EINVAL) failure = first;
  return -1;
}

static int mount_root(struct child *child, const struct operation *op, const struct stack *stack) {
  const char *mountpoint = op->args[0].text;
  CLEAN_FD int mount = by_context(op, stack);
  if (mount >= 0) return rootfs_attach(child, mount, mountpoint);
  if (!too_old_kernel() || by_mount_after(op, stack, mountpoint, 0) != 0) return -1;
  struct mount_attr attr = {.propagation = MS_PRIVATE};
  child->rootfs = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (child->rootfs < 0 || set_mount(child->rootfs, false, &attr) != 0) return fail(mountpoint);
  return 0;
}

static int mount_image(struct child *child, const struct operation *op, const struct stack *stack) {
  const char *target = op->args[0].text;
  CLEAN_FD int mount = by_context(op, stack);
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  if (mount >= 0) {
    return set_detached_mount(mount, false, &attr) == 0 ? mount_over(child, mount, target, true) : fail(target);
  }
  if (!too_old_kernel()) return -1;
  struct failure first = failure;
  fail_clear();
  CLEAN_FD int over = inside_open_target(child, target, true);
  if (over < 0) return -1;
  char name[40];
  snprintf(name, sizeof name, "/proc/self/fd/%d", over);
  failure = first;
  return by_mount_after(op, stack, name, MS_RDONLY | MS_NOSUID | MS_NODEV);
}

static int with_stack(struct child *child, const struct operation *op,
                      int (*work)(struct child *, const struct operation *, const struct stack *)) {
  struct stack stack = {.count = 0};
  int result = open_stack(op, &stack) == 0 ? work(child, op, &stack) : -1;
  close_stack(&stack);
  return result;
}

int rootfs_overlay(struct child *child, const struct operation *op) { return with_stack(child, op, mount_root); }

int mount_overlay(struct child *child, const struct operation *op) { return with_stack(child, op, mount_image); }
