// What the container's mounts and ids need beside mounting. Each 0, or -1 with the failure recorded.
#ifndef WHERRY_VOLUME_H
#define WHERRY_VOLUME_H

#include "container.h"

// Fills a volume, as long as it is empty, with a copy of a directory of the container's root (volume.c).
int copy_up(const struct child *child, const struct operation *op);
// Gives a tree of the host to a user and group (volume.c).
int give(const struct operation *op);
// Moves the process into a user namespace of its own, below the common one (own_ids.c).
int enter_own_ids(const struct operation *op);

#endif
