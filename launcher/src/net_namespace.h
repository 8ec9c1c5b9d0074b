// The network namespace that the keeper keeps: made, or taken over from a keeper that was killed.
#ifndef WHERRY_NET_NAMESPACE_H
#define WHERRY_NET_NAMESPACE_H

#include <stdbool.h>

struct net_namespace {
  int fd;
  int dns, dns_tcp;  // sockets in it at port 53; -1 when there can't be one
  bool adopted;      // there are users that the keeper doesn't know
};

// Opens the namespace for the keeper of the run-time directory `directory`, whose file `namespace` has the number of the last
// one. Monitors keep it open, and with it bridges and links, when a keeper is killed. 0, or -1.
int net_namespace_open(int directory, struct net_namespace *name_space);
// Whether a monitor has it open.
bool net_namespace_is_used(const struct net_namespace *name_space);
// Whether a namespace belongs to the user namespace this process is in: nobody else has rights over it.
bool net_namespace_is_ours(int name_space);

#endif
