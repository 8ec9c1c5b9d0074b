#ifndef WHERRY_ROOT_VIEW_H
#define WHERRY_ROOT_VIEW_H

#include "program.h"
#include "settings.h"

// Makes the root file system that a program describes, or that of the process it joins, the calling process's own. Nothing for a
// program that does neither. 0, or -1 with the failure recorded.
int root_view_enter(const struct program *program, const struct settings *settings);

#endif
