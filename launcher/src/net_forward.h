// Published ports: sockets that listen on the host, and the loop that carries what comes in to the container.
#ifndef WHERRY_NET_FORWARD_H
#define WHERRY_NET_FORWARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_port {
  int fd;
  uint8_t protocol;  // IPPROTO_TCP, IPPROTO_UDP
  char host_ip[INET6_ADDRSTRLEN];  // "" for all addresses
  uint16_t host_port;              // the one it got
  struct sockaddr_in6 target;      // IPv4 as mapped
};

// Listens on the host. `host_ip` "" for all addresses, `host_port` 0 for a free port. 0 or -errno.
int net_port_open(struct net_port *port, uint8_t protocol, const char *host_ip, uint16_t host_port,
                  const char *target_ip, uint16_t target_port);

// The loop: watches `channel`, from which network namespaces of the container come (net_shared.h's packets) and which ends
// the loop when it is closed; enters them, and carries connections.
void net_forward_loop(struct net_port *ports, size_t count, int channel);

// UDP has no connections: a client's packets go by a socket of its own until it has been silent for a while.
void net_udp_receive(struct net_port *port, int epoll);
void net_udp_return(void *session);
// Forgets silent clients. Milliseconds until it should be called again; -1 with no client.
int net_udp_expire(void);

// What the loop finds in an event: the first member of whatever is watched.
enum net_watched { NET_WATCH_PORT, NET_WATCH_CHANNEL, NET_WATCH_END, NET_WATCH_UDP };

#endif
