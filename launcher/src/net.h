// Networks: what the launch program's network operations do. One file a concern: net_message.c (netlink framing),
// net_link.c (rtnetlink), net_firewall.c (nf_tables), net_apply.c (operations in order, with their undo).
#ifndef WHERRY_NET_H
#define WHERRY_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which network namespace an operation acts in (`network-namespace` of wit/plan.wit).
enum net_where { NET_CONTAINER, NET_SHARED, NET_WHERES };

enum net_link_kind { NET_BRIDGE, NET_VETH, NET_MACVLAN, NET_VLAN, NET_TAP };

enum net_rule_kind { NET_MASQUERADE, NET_DESTINATION_NAT, NET_ISOLATE };

enum net_operation_kind {
  NET_LINK_ADD,
  NET_LINK_SET,
  NET_LINK_REMOVE,
  NET_ADDR_ADD,
  NET_ROUTE_ADD,
  NET_SYSCTL_SET,
  NET_FIREWALL_ADD,
  NET_FIREWALL_REMOVE,
};

// An empty string, not NULL, stands for an absent option. Addresses and MACs are text as in the contract.
struct net_operation {
  enum net_operation_kind kind;
  enum net_where where;
  union {
    struct {
      const char *name;
      enum net_link_kind kind;
      const char *peer;  // veth
      enum net_where peer_where;
      const char *parent;  // macvlan, vlan
      uint32_t vlan_id;
      uint32_t mtu;  // 0 for the kernel's choice
      const char *mac;
    } link_add;
    struct {
      const char *name;
      bool up;
      const char *master;
      const char *rename;
    } link_set;
    struct {
      const char *name;
    } link_remove;
    struct {
      const char *link;
      const char *address;
    } addr_add;
    struct {
      const char *destination;
      const char *gateway;
      const char *link;
    } route_add;
    struct {
      const char *key;  // below net, with dots
      const char *value;
    } sysctl_set;
    struct {
      const char *id;
      enum net_rule_kind kind;
      const char *subnet;        // masquerade
      const char *out_link_not;  // masquerade
      uint8_t protocol;          // destination NAT: IPPROTO_*
      const char *host_ip;       // destination NAT
      uint16_t host_port;
      const char *to_ip;
      uint16_t to_port;
      const char *from_link;  // isolate; either may end in `*`
      const char *to_link;
    } firewall_add;
    struct {
      const char *id;
    } firewall_remove;
  };
};

struct net_step {
  struct net_operation operation;
  const struct net_operation *undo;  // NULL for none
};

// The network namespaces that operations act in, with the sockets open in them. The process that applies a plan moves
// between them by setns(2), and can't move back to a namespace that its user namespace doesn't own.
struct net {
  int namespace_fd[NET_WHERES];  // borrowed; -1 for none
  int route_fd[NET_WHERES];
  int firewall_fd[NET_WHERES];
  enum net_where current;  // NET_WHERES: neither yet
};

void net_open(struct net *net, int container_fd, int shared_fd);
void net_close(struct net *net);
// Enters a namespace. 0 or -errno.
int net_enter(struct net *net, enum net_where where);

// What failed: the index of the step, and -errno.
struct net_failure {
  size_t index;
  int error;
};

// Carries the steps out in order. When one fails, the undo of every step that succeeded is carried out in reverse
// order, to the end whatever fails on the way. 0 or -errno; EBADF when a step needs a namespace that isn't given.
int net_apply(struct net *net, const struct net_step *steps, size_t count, struct net_failure *failure);
// Carries out what it can, in order; answers with the first failure. For tearing down.
int net_apply_all(struct net *net, const struct net_step *steps, size_t count, struct net_failure *failure);

// Brings the loopback interface of the current network namespace up. 0 or -errno.
int net_loopback_up(void);

// Whether a link is there and up. 1, 0 or -errno.
int net_link_is_up(struct net *net, enum net_where where, const char *name);

#endif
