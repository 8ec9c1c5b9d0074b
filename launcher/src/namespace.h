// User namespaces: one for all containers of a user, kept by a holder, or one for a container alone.
#ifndef WHERRY_NAMESPACE_H
#define WHERRY_NAMESPACE_H

#include <sys/types.h>

#include "settings.h"

// Moves the calling process into the user namespace of the settings, as its id 0; finds or makes its holder. *users gets
// a descriptor that keeps the holder alive as long as it is open, or -1. 0, or -1 with the failure recorded.
int user_namespace_enter(const struct user_namespace *user, int *users);

// That descriptor again; -1 when the namespace has no holder.
int user_namespace_users(void);

// Writes the id maps of a process that has just made a user namespace (idmap.c).
int idmap_write(pid_t pid, const struct user_namespace *user);

// Becomes id 0 of the user namespace that the process is in.
int become_root(void);

#endif
