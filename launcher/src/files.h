// File operations of `prepare` and `cleanup`, on the host's tree, as id 0 of the user namespace.
#ifndef WHERRY_FILES_H
#define WHERRY_FILES_H

#include "program.h"

// Carries out `prepare`. After a failure what was done is undone. 0, or -1 with the failure recorded.
int files_prepare(const struct program *program);
// Undoes all of `prepare`, from the last operation to the first, past failures.
void files_undo(const struct program *program);
// Carries out `cleanup` to its end, past failures, which are collected as lines. The number of bytes put into `lines`.
size_t files_clean_up(const struct program *program, char *lines, size_t size);

#endif
