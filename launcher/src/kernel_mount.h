// The kernel's mount interface. linux/mount.h and sys/mount.h contradict each other, and musl lacks the calls of Linux 5.2.
#ifndef WHERRY_KERNEL_MOUNT_H
#define WHERRY_KERNEL_MOUNT_H

#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

extern int mount(const char *, const char *, const char *, unsigned long, const void *);
extern int umount2(const char *, int);

static inline int open_tree_(int directory, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, directory, path, flags);
}
static inline int move_mount_(int from, int to) {
  return (int)syscall(SYS_move_mount, from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
static inline int fsopen_(const char *type) { return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC); }
static inline int fsconfig_(int fd, unsigned command, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}
static inline int fsmount_(int fd, unsigned attributes) {
  return (int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attributes);
}
static inline int mount_setattr_(int fd, const char *path, unsigned flags, struct mount_attr *attr) {
  return (int)syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof *attr);
}

#endif
