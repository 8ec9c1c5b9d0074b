#ifndef WHERRY_LEGACY_CGROUP_H
#define WHERRY_LEGACY_CGROUP_H

#include "settings.h"

// Puts the calling process into the program's groups, and into a cgroup namespace whose root they are where it gets one. 0, or
// -1 with the failure recorded.
int legacy_cgroup_join(const struct settings *settings);
// The path of the group that a controller has; NULL when there is none.
const char *legacy_cgroup_of(const struct settings *settings, const char *controller);
// Kills all that is in the groups, and waits for it.
void legacy_cgroup_kill(const struct settings *settings);
void legacy_cgroup_remove(const struct settings *settings);

#endif
