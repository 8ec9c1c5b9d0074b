// Connections inside that come from the address of the client outside, so that the program that is spoken to sees it.
#ifndef WHERRY_NET_SOURCE_H
#define WHERRY_NET_SOURCE_H

#include <netinet/in.h>

// The forwarder has entered another network namespace.
void net_source_entered(void);
// Begins to connect to `target` from the address of `client`, and from its port unless that is taken. Addresses of IPv4 as mapped;
// target and client as in net_port. A descriptor; -1 where that can't be: for a client on this machine's loopback interface, for one
// of another family, or on a kernel without policy routing.
int net_source_connect(const struct sockaddr_in6 *client, const struct sockaddr_in6 *target);

#endif
