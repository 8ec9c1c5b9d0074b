// Shared by the mounts of a root and those inside it.
#ifndef WHERRY_MOUNT_H
#define WHERRY_MOUNT_H

#include "container.h"

// Options separated by commas, for a file system that is being configured. -1 with the failure recorded.
int configure(int context, const char *options, const char *path);
// rootfs.c: puts the root over its mount point, where its files become visible, and keeps it.
int rootfs_attach(struct child *child, int mount, const char *mountpoint);
// Records errno together with what the kernel says of the file system.
int fail_filesystem(int context, const char *path);

#endif
