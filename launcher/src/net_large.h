// Segments of TCP that are larger than an IP packet can be ("BIG TCP"), between links of one machine.
#ifndef WHERRY_NET_LARGE_H
#define WHERRY_NET_LARGE_H

#include <stdbool.h>

#include "net_message.h"

// Has the link that a message is about take them, where the kernel can. A link that can't, as the uplink's tap, gets what
// passes to it in packets of its own MTU, from the kernel.
void net_put_large_segments(struct net_batch *batch);
// Brings the loopback interface of the current network namespace up, and has it take them, at once: the kernel does one thing
// after another to all network namespaces. False when it is to be brought up without.
bool net_loopback_large(void);

#endif
