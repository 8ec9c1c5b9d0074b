// Processes of ours that have something open still when the one that kept it was killed.
#ifndef WHERRY_WITNESS_H
#define WHERRY_WITNESS_H

#include <sys/stat.h>
#include <sys/types.h>

// The process id of a monitor (or of what else calls itself `other`, unless NULL) that has the file `wanted` open, by its
// device and inode; -1 when there is none. With `opened`, the file, opened here for reading.
pid_t witness_find(const struct stat *wanted, const char *other, int *opened);

#endif
