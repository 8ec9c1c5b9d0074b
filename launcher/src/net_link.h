// Links, addresses and routes by rtnetlink(7).
#ifndef WHERRY_NET_LINK_H
#define WHERRY_NET_LINK_H

#include "net.h"
#include "net_message.h"

// Adds the message for one operation (link-add but tap, link-set, link-remove, addr-add, route-add) to the batch.
// 0, -EAGAIN when an operation needs the index of a link that may only come to be by what is in the batch already,
// or -errno. `fd` is a route socket in the operation's namespace.
int net_link_message(struct net *net, struct net_batch *batch, int fd, const struct net_operation *operation);
// A tap device that stays; the process must be in the namespace.
int net_tap_add(const struct net_operation *operation);
// The index of a link in the namespace of a socket, or -errno (-ENODEV when there is none).
int net_link_index(int fd, const char *name);
// A link that came up drops what it should send, and as a bridge's port what comes, until the kernel's link watch has looked
// at it, which a machine with much to do does late: an address asked for meanwhile (arp(7)) is asked for again a second
// later. Waits for that, for a while; not for a link without carrier.
void net_link_settle(int fd, const char *name);

#endif
