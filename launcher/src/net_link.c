#include "net_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_large.h"

struct address {
  unsigned char bytes[16];
  unsigned char family;
  unsigned char length;  // of `bytes`
  unsigned char prefix;
};

static int parse_address(const char *text, struct address *address) {
  char host[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
  if (length >= sizeof(host)) return -EINVAL;
  memcpy(host, text, length);
  host[length] = '\0';
  memset(address, 0, sizeof(*address));
  address->family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;
  address->length = address->family == AF_INET ? 4 : 16;
  if (inet_pton(address->family, host, address->bytes) != 1) return -EINVAL;
  unsigned char limit = (unsigned char)(address->length * 8);
  address->prefix = limit;
  if (slash == NULL) return 0;
  char *end;
  unsigned long prefix = strtoul(slash + 1, &end, 10);
  if (end == slash + 1 || *end != '\0' || prefix > limit) return -EINVAL;
  address->prefix = (unsigned char)prefix;
  return 0;
}

static int parse_mac(const char *text, unsigned char mac[6]) {
  unsigned int b[6];
  char rest;
  if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &rest) != 6) return -EINVAL;
  for (int i = 0; i < 6; i++) mac[i] = (unsigned char)b[i];
  return 0;
}

int net_link_index(int fd, const char *name) {
  struct ifreq request = {0};
  if (strlen(name) >= sizeof(request.ifr_name)) return -ENODEV;
  strcpy(request.ifr_name, name);
  return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

// The index of a link that an operation refers to; -EAGAIN while the batch may still be about to make it.
static int known_index(int fd, const struct net_batch *batch, const char *name) {
  int index = net_link_index(fd, name);
  return index == -ENODEV && batch->awaited > 0 ? -EAGAIN : index;
}

static int put_mac(struct net_batch *batch, const char *mac) {
  if (*mac == '\0') return 0;
  unsigned char bytes[6];
  int error = parse_mac(mac, bytes);
  if (error == 0) net_put(batch, IFLA_ADDRESS, bytes, sizeof(bytes));
  return error;
}

// A veth has a queue a processor, and uses one unless told otherwise: taking the others away waits for all processors, twice a
// pair (drivers/net/veth.c, veth_init_queues).
static void put_one_queue(struct net_batch *batch) {
  net_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
  net_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
}

static int put_veth_peer(struct net *net, struct net_batch *batch, const struct net_operation *operation) {
  const struct ifinfomsg peer = {.ifi_family = AF_UNSPEC};
  size_t data = net_nest(batch, IFLA_INFO_DATA);
  size_t nest = net_nest(batch, VETH_INFO_PEER);
  net_put_raw(batch, &peer, sizeof(peer));
  net_put_string(batch, IFLA_IFNAME, operation->link_add.peer);
  put_one_queue(batch);
  net_put_large_segments(batch);
  if (operation->link_add.mtu != 0) net_put_u32(batch, IFLA_MTU, operation->link_add.mtu);
  if (operation->link_add.peer_where != operation->where) {
    int fd = net->namespace_fd[operation->link_add.peer_where];
    if (fd < 0) return -EBADF;
    net_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)fd);
  }
  net_nest_end(batch, nest);
  net_nest_end(batch, data);
  return 0;
}

static int put_link_kind(struct net *net, struct net_batch *batch, const struct net_operation *operation) {
  static const char *const names[] = {
      [NET_BRIDGE] = "bridge", [NET_VETH] = "veth", [NET_MACVLAN] = "macvlan", [NET_VLAN] = "vlan"};
  size_t info = net_nest(batch, IFLA_LINKINFO);
  net_put_string(batch, IFLA_INFO_KIND, names[operation->link_add.kind]);
  int error = 0;
  if (operation->link_add.kind == NET_VETH) error = put_veth_peer(net, batch, operation);
  if (operation->link_add.kind == NET_MACVLAN || operation->link_add.kind == NET_VLAN) {
    size_t data = net_nest(batch, IFLA_INFO_DATA);
    if (operation->link_add.kind == NET_MACVLAN) net_put_u32(batch, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
    else net_put_u16(batch, IFLA_VLAN_ID, (uint16_t)operation->link_add.vlan_id);
    net_nest_end(batch, data);
  }
  net_nest_end(batch, info);
  return error;
}

static int link_add(struct net *net, struct net_batch *batch, int fd, const struct net_operation *operation) {
  int parent = 0;
  if (*operation->link_add.parent != '\0') {
    parent = known_index(fd, batch, operation->link_add.parent);
    if (parent < 0) return parent;
  }
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  net_message(batch, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
  net_put_string(batch, IFLA_IFNAME, operation->link_add.name);
  if (operation->link_add.mtu != 0) net_put_u32(batch, IFLA_MTU, operation->link_add.mtu);
  if (parent > 0) net_put_u32(batch, IFLA_LINK, (uint32_t)parent);
  if (operation->link_add.kind == NET_VETH) {
    put_one_queue(batch);
    net_put_large_segments(batch);
  }
  int error = put_mac(batch, operation->link_add.mac);
  return error < 0 ? error : put_link_kind(net, batch, operation);
}

static int link_set(struct net_batch *batch, int fd, const struct net_operation *operation) {
  int index = known_index(fd, batch, operation->link_set.name);
  if (index < 0) return index;
  int master = 0;
  if (*operation->link_set.master != '\0') {
    master = known_index(fd, batch, operation->link_set.master);
    if (master < 0) return master;
  }
  const struct ifinfomsg header = {
      .ifi_family = AF_UNSPEC,
      .ifi_index = index,
      .ifi_flags = operation->link_set.up ? IFF_UP : 0,
      .ifi_change = IFF_UP,
  };
  net_message(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
  if (master > 0) net_put_u32(batch, IFLA_MASTER, (uint32_t)master);
  if (*operation->link_set.rename != '\0') net_put_string(batch, IFLA_IFNAME, operation->link_set.rename);
  return 0;
}

static void link_remove(struct net_batch *batch, const struct net_operation *operation) {
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  net_message(batch, RTM_DELLINK, NLM_F_ACK, &header, sizeof(header));
  net_put_string(batch, IFLA_IFNAME, operation->link_remove.name);
}

static int addr_add(struct net_batch *batch, int fd, const struct net_operation *operation) {
  struct address address;
  int error = parse_address(operation->addr_add.address, &address);
  if (error < 0) return error;
  int index = known_index(fd, batch, operation->addr_add.link);
  if (index < 0) return index;
  const struct ifaddrmsg header = {
      .ifa_family = address.family,
      .ifa_prefixlen = address.prefix,
      // The core leases each address once; waiting a second for duplicates to answer would find none.
      .ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0,
      .ifa_scope = RT_SCOPE_UNIVERSE,
      .ifa_index = (uint32_t)index,
  };
  net_message(batch, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
  net_put(batch, IFA_LOCAL, address.bytes, address.length);
  net_put(batch, IFA_ADDRESS, address.bytes, address.length);
  if (address.family == AF_INET && address.prefix < 31) {
    uint32_t host_bits = htonl(0xffffffffu >> address.prefix);
    uint32_t broadcast;
    memcpy(&broadcast, address.bytes, sizeof(broadcast));
    broadcast |= host_bits;
    net_put_u32(batch, IFA_BROADCAST, broadcast);
  }
  return 0;
}

static int route_add(struct net_batch *batch, int fd, const struct net_operation *operation) {
  struct address destination;
  struct address gateway;
  int error = parse_address(operation->route_add.destination, &destination);
  if (error < 0) return error;
  bool via = *operation->route_add.gateway != '\0';
  if (via) {
    error = parse_address(operation->route_add.gateway, &gateway);
    if (error < 0) return error;
    if (gateway.family != destination.family) return -EINVAL;
  }
  int index = 0;
  if (*operation->route_add.link != '\0') {
    index = known_index(fd, batch, operation->route_add.link);
    if (index < 0) return index;
  }
  const struct rtmsg header = {
      .rtm_family = destination.family,
      .rtm_dst_len = destination.prefix,
      .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = RTPROT_STATIC,
      .rtm_scope = via || destination.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
      .rtm_type = RTN_UNICAST,
  };
  // In the place of one that is there, as when a container comes to another way out.
  net_message(batch, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
  if (destination.prefix > 0) net_put(batch, RTA_DST, destination.bytes, destination.length);
  if (via) net_put(batch, RTA_GATEWAY, gateway.bytes, gateway.length);
  if (index > 0) net_put_u32(batch, RTA_OIF, (uint32_t)index);
  return 0;
}

int net_link_message(struct net *net, struct net_batch *batch, int fd, const struct net_operation *operation) {
  switch (operation->kind) {
    case NET_LINK_ADD: return link_add(net, batch, fd, operation);
    case NET_LINK_SET: return link_set(batch, fd, operation);
    case NET_LINK_REMOVE: link_remove(batch, operation); return 0;
    case NET_ADDR_ADD: return addr_add(batch, fd, operation);
    case NET_ROUTE_ADD: return route_add(batch, fd, operation);
    default: return -EINVAL;
  }
}

int net_tap_add(const struct net_operation *operation) {
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  int error = 0;
  if (strlen(operation->link_add.name) >= sizeof(request.ifr_name)) error = -EINVAL;
  else {
    strcpy(request.ifr_name, operation->link_add.name);
    if (ioctl(fd, TUNSETIFF, &request) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0) error = -errno;
  }
  close(fd);
  return error;
}
