// Attributes of mounts: by mount_setattr(2), and before Linux 5.12, which has none, by mount(2) once they are where they belong.
#ifndef WHERRY_MOUNT_ATTR_H
#define WHERRY_MOUNT_ATTR_H

#include <stdbool.h>

#include "kernel_mount.h"

// Of a mount that is attached, by a descriptor of its root. 0, or -1 with errno.
int set_mount(int mount, bool recursive, const struct mount_attr *attr);
// Of one that is not, before attach_mount; at most two of each.
int set_detached_mount(int mount, bool recursive, const struct mount_attr *attr);
// Puts it over what `over` is. 0, or -1 with errno.
int attach_mount(int mount, int over);

#endif
