// The process that the user sees: passes its terminal or streams to a monitor, and ends as the container does.
#ifndef WHERRY_CLIENT_H
#define WHERRY_CLIENT_H

#include <stdbool.h>

struct client_options {
  bool terminal, attach_stdin, detach, signal_proxy;
  bool redraw;         // a program that has drawn its screen already is to do so again
  bool says_detached;  // as Docker's attach and exec do, with status 1; its run leaves in silence with 0
  const char *detach_keys;
  unsigned detach_key_count;
};

// Serves until the container ends or the user detaches; the exit status.
int client_main(int monitor, const struct client_options *options);

// `attach DIRECTORY …`
int attach_main(int argc, char **argv);

#endif
