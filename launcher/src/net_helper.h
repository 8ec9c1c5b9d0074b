// Programs of the host that a network needs: started, waited for until ready, tied to the life of who started them.
#ifndef WHERRY_NET_HELPER_H
#define WHERRY_NET_HELPER_H

#include <stddef.h>
#include <sys/types.h>

enum net_readiness { NET_READY_DESCRIPTOR, NET_READY_EXITS, NET_READY_PATH };

struct net_helper {
  const char *program;  // absolute path
  enum net_readiness readiness;
  const char *ready_path;
  // May hold {netns}, {pid}, {runtime}, {ready-fd}, {ready-path}.
  const char *const *arguments;
  size_t argc;
};

// Starts a helper for the network namespace `name_space`, with `runtime` as its run-time directory, and waits until it is
// ready. Its process id (0 when it went to the background by itself), or -errno with the reason in `detail`: the last
// line that it wrote to standard error.
pid_t net_helper_start(const struct net_helper *helper, int name_space, const char *runtime, char *detail, size_t size);

#endif
