// What the members of networks are called, and the answers to questions on that (RFC 1035): no socket but for looking at links.
#ifndef WHERRY_NET_DNS_NAMES_H
#define WHERRY_NET_DNS_NAMES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum { NET_DNS_PACKET = 4096, NET_DNS_UPSTREAMS = 3, NET_DNS_UDP_LIMIT = 512 };

// `inside`: a socket in the shared namespace. `directory` holds the file `names`, which the core rewrites (by a rename)
// whenever a member comes or goes:
//   upstream ADDRESS                    a name server of the host
//   network CIDR [internal]             begins a network
//   also ADDRESS                        who asks from there, an address in another network, is a member as well
//   name ADDRESS LINK NAME…             a member: there for as long as its link (`-`: always) is in the shared namespace
void net_dns_names_open(int inside, int directory);

struct net_dns_reply {
  size_t limit;  // bytes that the answer may have: to be set before
  unsigned char bytes[NET_DNS_PACKET];
  size_t length;
  unsigned count;
  bool cut;
};

enum net_dns_verdict {
  NET_DNS_IGNORE,   // no question
  NET_DNS_REPLY,    // the reply is the answer
  NET_DNS_PASS_ON,  // ask the host's servers; the reply says that they failed
};

// Decides what to do with a packet of a client; IPv4 addresses are mapped ones.
enum net_dns_verdict net_dns_decide(const unsigned char *packet, size_t length, const struct in6_addr *client,
                                    struct net_dns_reply *reply);
// The host's name servers, as of the last decision; their number.
unsigned net_dns_upstreams(struct sockaddr_in6 servers[NET_DNS_UPSTREAMS]);

#endif
