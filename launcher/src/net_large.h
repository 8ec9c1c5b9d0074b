// Segments of TCP that are larger than an IP packet can be ("BIG TCP"), between links of one machine.
#ifndef WHERRY_NET_LARGE_H
#define WHERRY_NET_LARGE_H

#include "net_message.h"

// Has the link that a message is about take them, where the kernel can. A link that can't, as the uplink's tap, gets what
// passes to it in packets of its own MTU, from the kernel.
void net_put_large_segments(struct net_batch *batch);
// The same of the loopback interface of the current network namespace. What the kernel refuses stays as it is.
void net_loopback_large(void);

#endif
