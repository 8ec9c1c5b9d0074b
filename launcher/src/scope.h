// A container's limits where the user's login session has no controllers of cgroup v2 to give, and systemd's user manager has.
#ifndef WHERRY_SCOPE_H
#define WHERRY_SCOPE_H

#include "settings.h"

// Moves the calling process, and what it starts from now on, into a scope of its own; makes the container's cgroup in it with its
// limits, unless the scope is one for a command in a container that is there. Nothing without the operation `scope`.
// 0, or -1 with the failure recorded.
int scope_enter(struct settings *settings);

#endif
