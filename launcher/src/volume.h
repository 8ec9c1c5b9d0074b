// What the container's mounts and ids need beside mounting. Each 0, or -1 with the failure recorded.
#ifndef WHERRY_VOLUME_H
#define WHERRY_VOLUME_H

#include "container.h"

// Fills a volume, as long as it is empty, with a copy of a directory of the container's root (volume.c).
int copy_up(const struct child *child, const struct operation *op);
// Gives a tree of the host to a user and group (volume.c).
int give(const struct operation *op);
// Whom files belong to that are made from here on, and the pipes of the command (own_ids.c).
int files_as(const struct child *child, const struct operation *op);
// Moves the process into the user namespace below the common one that it is to have (own_ids.c).
int enter_own_ids(const struct child *child);
// Writes the maps of `own-ids` for a process in a new user namespace; 0 or an errno.
int write_id_maps(pid_t pid, const struct operation *op);
// The `own-ids` of a program by which the container's namespaces belong to a user namespace of its own; NULL without (own_namespaces.c).
const struct operation *own_namespaces_of(const struct program *program);
// Makes these namespaces, to be joined by the container's process.
int make_own_namespaces(const struct settings *settings, const struct operation *op, struct child *child);

#endif
