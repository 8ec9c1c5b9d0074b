// One call of systemd's user manager, by its own socket: org.freedesktop.systemd1(5), D-Bus Specification 0.43.
#ifndef WHERRY_MANAGER_CALL_H
#define WHERRY_MANAGER_CALL_H

#include <sys/types.h>

// Has the manager make a scope (systemd.scope(5)) of the process, which may arrange cgroups below the scope's own and make of it
// what it likes. `slice` and `part_of` (a unit that ends it with itself) may be NULL. The process is moved a moment later.
// 0, or -1 with the failure recorded.
int manager_start_scope(const char *socket, const char *unit, pid_t pid, const char *slice, const char *part_of);

#endif
