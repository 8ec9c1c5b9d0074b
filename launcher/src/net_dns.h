// A name server for the members of a network: their names, and everything else passed on to the host's name servers.
#ifndef WHERRY_NET_DNS_H
#define WHERRY_NET_DNS_H

#include <stdint.h>
#include <sys/types.h>

// `inside`: a UDP socket in the shared namespace bound to port 53. `directory` has the file `names` (net_dns_names.h).
void net_dns_open(int inside, int directory);
// Descriptors to be watched, and what to call when one is readable.
int net_dns_inside(void);
int net_dns_outside(void);
void net_dns_question(void);
void net_dns_answer(void);

// The same over TCP, for what a datagram has no room for (RFC 7766). `listening`: a TCP socket in the shared namespace. Takes
// a connection and serves it in a process of its own; the caller reaps that and says so.
void net_dns_tcp_accept(int listening);
void net_dns_tcp_reaped(pid_t pid);

#endif
