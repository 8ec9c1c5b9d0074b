// The pipes that forwarded bytes go through. A pipe belongs to a flow only while there are bytes in it: a few serve any number
// of connections.
#ifndef WHERRY_NET_PIPE_H
#define WHERRY_NET_PIPE_H

#include <stdbool.h>
#include <stddef.h>

struct net_pipe {
  int out, in;
  size_t portion;  // as much as to put into it at once, in bytes
};

// An empty pipe. False when there can be none, with errno.
bool net_pipe_take(struct net_pipe *pipe);
// Takes an empty pipe back.
void net_pipe_return(const struct net_pipe *pipe);
// Ends a pipe with what is in it.
void net_pipe_close(const struct net_pipe *pipe);

#endif
