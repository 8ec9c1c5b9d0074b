// Protects the launcher's own file from the containers it starts.
#ifndef WHERRY_SEAL_H
#define WHERRY_SEAL_H

// Goes on in a copy of the program in sealed memory, if its file could be written by a container; in that of the user
// namespace's holder, when there is one and it is the same program, so that a user has one copy. 0 when there is nothing to
// do, or -1 with the failure recorded. `holder` may be NULL.
//
// A container's command may be a link to /proc/self/exe, or a script with it for interpreter: then the kernel executes the
// launcher itself inside the container, whose root, being the same user, could open the launcher's file for writing
// afterwards (CVE-2019-5736), or make it set-user-ID. A sealed memfd can be written by nobody, and lies in no directory.
// Other ways in are closed elsewhere: before execve(2) the process isn't dumpable, so that no one inside can look at it
// through /proc; all descriptors are closed before a working directory is entered, and that directory must have a path
// inside the root (CVE-2024-21626).
int seal_self(char **argv, const char *holder);

#endif
