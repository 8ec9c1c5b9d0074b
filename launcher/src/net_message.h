// Netlink messages (netlink(7)): built in a buffer, sent together, each acknowledged.
#ifndef WHERRY_NET_MESSAGE_H
#define WHERRY_NET_MESSAGE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_BATCH_BYTES = 16 * 1024, NET_BATCH_MESSAGES = 64 };

struct net_batch {
  _Alignas(8) unsigned char bytes[NET_BATCH_BYTES];
  size_t length;
  struct nlmsghdr *last;
  uint32_t first_sequence;
  uint32_t sequence;  // of the next message
  uint32_t awaited;   // acknowledgements asked for
  bool overflow;
};

void net_batch_start(struct net_batch *batch);
// Begins a message; `header` is what follows the netlink header. With NLM_F_ACK in `flags` it is acknowledged.
void net_message(struct net_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t length);

void net_put(struct net_batch *batch, uint16_t type, const void *data, size_t length);
void net_put_string(struct net_batch *batch, uint16_t type, const char *text);
void net_put_u8(struct net_batch *batch, uint16_t type, uint8_t value);
void net_put_u16(struct net_batch *batch, uint16_t type, uint16_t value);
void net_put_u32(struct net_batch *batch, uint16_t type, uint32_t value);
// nf_tables takes its numbers in network order.
void net_put_be32(struct net_batch *batch, uint16_t type, uint32_t value);
// Bytes without a header of their own, such as the ifinfomsg in a veth's peer.
void net_put_raw(struct net_batch *batch, const void *data, size_t length);
// A nested attribute: what is put until its end lies in it.
size_t net_nest(struct net_batch *batch, uint16_t type);
void net_nest_end(struct net_batch *batch, size_t start);

// Opens a netlink socket in the current network namespace. A descriptor or -errno.
int net_socket(int protocol);

// Sends all messages and waits for the acknowledgements. `result` is called for each message that failed, with its number
// (from 0, in the order of sending) and -errno. 0, or -errno when the exchange itself fails.
typedef void net_result(void *context, uint32_t number, int error);
int net_exchange(int fd, struct net_batch *batch, net_result *result, void *context);
// The same, when only the first failure matters: 0 or its -errno.
int net_request(int fd, struct net_batch *batch);

// Sends a dump request and hands over each message of the answer. 0 or -errno.
typedef void net_visit(void *context, const struct nlmsghdr *message);
int net_dump(int fd, struct net_batch *batch, net_visit *visit, void *context);

#endif
