#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_forward.h"

static bool parse(const char *text, struct sockaddr_in6 *address) {
  address->sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, text, &address->sin6_addr) == 1) return true;
  memset(&address->sin6_addr, 0, 16);
  address->sin6_addr.s6_addr[10] = address->sin6_addr.s6_addr[11] = 0xff;
  return inet_pton(AF_INET, text, address->sin6_addr.s6_addr + 12) == 1;
}

static int listen_on(int fd, const struct net_port *port, const struct sockaddr *address, socklen_t size) {
  const int on = 1;
  if (port->protocol == IPPROTO_TCP) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  } else if (address->sa_family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
  } else setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
  if (bind(fd, address, size) < 0) return -errno;
  if (port->protocol == IPPROTO_TCP && listen(fd, 4096) < 0) return -errno;
  return 0;
}

static int open_family(struct net_port *port, const struct sockaddr *address, socklen_t size, bool only_v6) {
  int type = port->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
  int fd = socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  int only = only_v6;
  int error = 0;
  if (address->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0) error = -errno;
  if (error == 0) error = listen_on(fd, port, address, size);
  if (error < 0) {
    close(fd);
    return error;
  }
  port->fd = fd;
  return 0;
}

int net_port_open(struct net_port *port, uint8_t protocol, const char *host_ip, uint16_t host_port,
                  const char *target_ip, uint16_t target_port) {
  *port = (struct net_port){.fd = -1, .protocol = protocol};
  if (strlen(host_ip) >= sizeof(port->host_ip)) return -EINVAL;
  strcpy(port->host_ip, host_ip);
  if (!parse(target_ip, &port->target)) return -EINVAL;
  port->target.sin6_port = htons(target_port);
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(host_port)};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(host_port)};
  int error;
  if (*host_ip == '\0') {
    error = open_family(port, (struct sockaddr *)&v6, sizeof(v6), false);
    // A host without IPv6.
    if (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL) {
      error = open_family(port, (struct sockaddr *)&v4, sizeof(v4), false);
    }
  } else if (inet_pton(AF_INET, host_ip, &v4.sin_addr) == 1) {
    error = open_family(port, (struct sockaddr *)&v4, sizeof(v4), false);
  } else if (inet_pton(AF_INET6, host_ip, &v6.sin6_addr) == 1) {
    error = open_family(port, (struct sockaddr *)&v6, sizeof(v6), true);
  } else error = -EINVAL;
  if (error < 0) return error;
  struct sockaddr_in6 bound;
  socklen_t size = sizeof(bound);
  if (getsockname(port->fd, (struct sockaddr *)&bound, &size) < 0) return -errno;
  // The port lies at the same place in both families.
  port->host_port = ntohs(bound.sin6_port);
  return 0;
}
