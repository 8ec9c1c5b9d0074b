// Firewall rules by nf_tables (nft(8)): one table `wherry` of the family inet in a namespace, and one of the family
// bridge for what is kept apart within one bridge. A rule carries its id as its comment.
#ifndef WHERRY_NET_FIREWALL_H
#define WHERRY_NET_FIREWALL_H

#include "net.h"

// Adds a rule, in place of one with the same id. `fd` is a NETLINK_NETFILTER socket. 0 or -errno.
int net_firewall_add(int fd, const struct net_operation *operation);
// Removes the rules of that id; succeeds when there are none.
int net_firewall_remove(int fd, const char *id);

#endif
