#include "net_source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_link.h"
#include "net_message.h"
#include "util.h"

// Both ends of a connection are in the container's namespace. What the program sends to the client's address must not leave by
// the container's default route, but come back to the forwarder's socket, which has that address (IP_TRANSPARENT, ip(7)). So the
// socket marks what it sends, the program's socket and the kernel's resets take the mark over (tcp_fwmark_accept, fwmark_reflect),
// and what is marked is for this namespace, whatever its address. The rule comes before those that a VPN inside may make.
enum { MARK = 0x7768, TABLE = 0x7768, PRIORITY = 100, PATIENCE_MS = 1000 };
enum family { V4, V6, FAMILIES };

static enum { UNKNOWN, USABLE, USELESS } state[FAMILIES];

static void write_setting(const char *path) {
  CLEAN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
  // Whether it has the effect is tried out afterwards.
  if (fd >= 0 && write(fd, "1", 1) < 0) return;
}

static void put_rule(struct net_batch *batch, unsigned char family) {
  const struct fib_rule_hdr header = {.family = family, .action = FR_ACT_TO_TBL};
  net_message(batch, RTM_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
  net_put_u32(batch, FRA_FWMARK, MARK);
  net_put_u32(batch, FRA_TABLE, TABLE);
  net_put_u32(batch, FRA_PRIORITY, PRIORITY);
}

static void put_route(struct net_batch *batch, unsigned char family, uint32_t loopback) {
  const struct rtmsg header = {.rtm_family = family, .rtm_table = RT_TABLE_UNSPEC, .rtm_protocol = RTPROT_STATIC,
                               .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL};
  net_message(batch, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
  net_put_u32(batch, RTA_TABLE, TABLE);
  net_put_u32(batch, RTA_OIF, loopback);
}

static void prepare(void) {
  write_setting("/proc/sys/net/ipv4/tcp_fwmark_accept");
  write_setting("/proc/sys/net/ipv4/fwmark_reflect");
  write_setting("/proc/sys/net/ipv6/fwmark_reflect");
  CLEAN_FD int fd = net_socket(NETLINK_ROUTE);
  int loopback = fd < 0 ? -1 : net_link_index(fd, "lo");
  if (loopback <= 0) return;
  static const unsigned char families[] = {AF_INET, AF_INET6};
  for (int i = 0; i < FAMILIES; i++) {
    struct net_batch batch;
    net_batch_start(&batch);
    put_rule(&batch, families[i]);
    put_route(&batch, families[i], (uint32_t)loopback);
    // There already after an earlier forwarder, or not to be had.
    (void)net_request(fd, &batch);
  }
}

static bool is_v4(const struct sockaddr_in6 *address) { return IN6_IS_ADDR_V4MAPPED(&address->sin6_addr); }

// The address as a socket of its own family takes it.
static socklen_t plain(const struct sockaddr_in6 *address, bool with_port, struct sockaddr_storage *out) {
  in_port_t port = with_port ? address->sin6_port : 0;
  *out = (struct sockaddr_storage){0};
  if (!is_v4(address)) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = address->sin6_addr, .sin6_port = port};
    return sizeof(*v6);
  }
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
  memcpy(&v4->sin_addr, address->sin6_addr.s6_addr + 12, 4);
  return sizeof(*v4);
}

static int start(const struct sockaddr_in6 *client, bool with_port, const struct sockaddr_in6 *target) {
  const int on = 1, mark = MARK;
  bool v4 = is_v4(target);
  struct sockaddr_storage address;
  CLEAN_FD int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on, sizeof(on)) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
      // One port of a client's may be connected to several of the container.
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) {
    return -1;
  }
  // Otherwise a free port is free for one connection at a time, to whatever it leads.
  if (!with_port) (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  socklen_t size = plain(client, with_port, &address);
  if (bind(fd, (struct sockaddr *)&address, size) < 0) return -1;
  size = plain(target, true, &address);
  if (connect(fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) return -1;
  int connecting = fd;
  fd = -1;
  return connecting;
}

// How a connection from a stranger's address to one of this namespace's own ends: 0 or an errno.
static int outcome(const struct sockaddr_in6 *client, const struct sockaddr_in6 *target) {
  CLEAN_FD int fd = start(client, false, target);
  struct pollfd polled = {.fd = fd, .events = POLLOUT};
  int error = 0;
  socklen_t size = sizeof(error);
  if (fd < 0) return errno;
  if (poll(&polled, 1, PATIENCE_MS) != 1) return ETIMEDOUT;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

// Whether answers come back, and refusals. Addresses of RFC 5737 and RFC 3849, which are nobody's.
static bool works(enum family family) {
  struct sockaddr_in6 client = {.sin6_family = AF_INET6}, target = {.sin6_family = AF_INET6};
  static const unsigned char clients[][16] = {{[10] = 0xff, 0xff, 192, 0, 2, 1}, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
  static const unsigned char targets[][16] = {{[10] = 0xff, 0xff, 127, 0, 0, 1}, {[15] = 1}};
  memcpy(&client.sin6_addr, clients[family], 16);
  memcpy(&target.sin6_addr, targets[family], 16);
  struct sockaddr_storage address;
  socklen_t size = plain(&target, true, &address);
  CLEAN_FD int listening = socket(family == V4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listening < 0 || bind(listening, (struct sockaddr *)&address, size) < 0 || listen(listening, 1) < 0 ||
      getsockname(listening, (struct sockaddr *)&address, &size) < 0) {
    return false;
  }
  // At the same place in both families.
  target.sin6_port = ((struct sockaddr_in6 *)&address)->sin6_port;
  if (outcome(&client, &target) != 0) return false;
  close_fd(&listening);
  return outcome(&client, &target) == ECONNREFUSED;
}

static bool usable(enum family family) {
  if (state[family] == UNKNOWN) {
    prepare();
    for (int i = 0; i < FAMILIES; i++) state[i] = works((enum family)i) ? USABLE : USELESS;
  }
  return state[family] == USABLE;
}

void net_source_entered(void) { memset(state, 0, sizeof(state)); }

int net_source_connect(const struct sockaddr_in6 *client, const struct sockaddr_in6 *target) {
  const struct in6_addr *address = &client->sin6_addr;
  bool v4 = is_v4(target);
  if (is_v4(client) != v4 || (v4 && address->s6_addr[12] == 127)) return -1;
  if (IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_LINKLOCAL(address) || !usable(v4 ? V4 : V6)) return -1;
  int fd = start(client, true, target);
  return fd >= 0 ? fd : start(client, false, target);
}
