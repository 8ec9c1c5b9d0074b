// Shared by the mounts of a root and those inside it.
#ifndef WHERRY_MOUNT_H
#define WHERRY_MOUNT_H

// Options separated by commas, for a file system that is being configured. -1 with the failure recorded.
int configure(int context, const char *options, const char *path);
// Records errno together with what the kernel says of the file system.
int fail_filesystem(int context, const char *path);

#endif
