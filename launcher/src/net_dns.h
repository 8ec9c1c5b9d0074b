// A name server for the members of a network: their names, and everything else passed on to the host's name servers.
#ifndef WHERRY_NET_DNS_H
#define WHERRY_NET_DNS_H

#include <stdint.h>

// `inside`: a UDP socket in the shared namespace bound to port 53. `directory` holds the file `names`, which the core
// rewrites (by a rename) whenever a member comes or goes:
//   upstream ADDRESS                    a name server of the host
//   network CIDR [internal]             begins a network
//   name ADDRESS LINK NAME…             a member: there for as long as its link (`-`: always) is in the shared namespace
void net_dns_open(int inside, int directory);
// Descriptors to be watched, and what to call when one is readable.
int net_dns_inside(void);
int net_dns_outside(void);
void net_dns_question(void);
void net_dns_answer(void);

#endif
