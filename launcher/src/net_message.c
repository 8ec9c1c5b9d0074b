#include "net_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void net_batch_start(struct net_batch *batch) {
  static uint32_t sequence = 1;
  batch->length = 0;
  batch->last = NULL;
  // Sequence numbers go on, so that a late answer to an earlier batch is never taken for one to this.
  batch->first_sequence = sequence;
  batch->sequence = sequence;
  batch->awaited = 0;
  batch->overflow = false;
  sequence += NET_BATCH_MESSAGES;
}

static void *grow(struct net_batch *batch, size_t length) {
  size_t padded = NLMSG_ALIGN(length);
  if (batch->length + padded > sizeof(batch->bytes)) {
    batch->overflow = true;
    return NULL;
  }
  void *at = batch->bytes + batch->length;
  memset(at, 0, padded);
  batch->length += padded;
  if (batch->last != NULL) {
    batch->last->nlmsg_len = (uint32_t)(batch->bytes + batch->length - (unsigned char *)batch->last);
  }
  return at;
}

void net_message(struct net_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t length) {
  batch->last = NULL;
  struct nlmsghdr *message = grow(batch, NLMSG_HDRLEN + length);
  if (message == NULL) return;
  message->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(length));
  message->nlmsg_type = type;
  message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  message->nlmsg_seq = batch->sequence++;
  if ((flags & NLM_F_ACK) != 0) batch->awaited++;
  memcpy((unsigned char *)message + NLMSG_HDRLEN, header, length);
  batch->last = message;
}

void net_put(struct net_batch *batch, uint16_t type, const void *data, size_t length) {
  struct nlattr *attribute = grow(batch, NLA_HDRLEN + length);
  if (attribute == NULL) return;
  attribute->nla_type = type;
  attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
  if (length > 0) memcpy((unsigned char *)attribute + NLA_HDRLEN, data, length);
}

void net_put_raw(struct net_batch *batch, const void *data, size_t length) {
  void *at = grow(batch, length);
  if (at != NULL) memcpy(at, data, length);
}

void net_put_string(struct net_batch *batch, uint16_t type, const char *text) {
  net_put(batch, type, text, strlen(text) + 1);
}

void net_put_u8(struct net_batch *batch, uint16_t type, uint8_t value) {
  net_put(batch, type, &value, sizeof(value));
}

void net_put_u16(struct net_batch *batch, uint16_t type, uint16_t value) {
  net_put(batch, type, &value, sizeof(value));
}

void net_put_u32(struct net_batch *batch, uint16_t type, uint32_t value) {
  net_put(batch, type, &value, sizeof(value));
}

void net_put_be32(struct net_batch *batch, uint16_t type, uint32_t value) {
  net_put_u32(batch, type, htonl(value));
}

size_t net_nest(struct net_batch *batch, uint16_t type) {
  size_t start = batch->length;
  net_put(batch, type | NLA_F_NESTED, NULL, 0);
  return start;
}

void net_nest_end(struct net_batch *batch, size_t start) {
  if (batch->overflow) return;
  struct nlattr *attribute = (struct nlattr *)(batch->bytes + start);
  attribute->nla_len = (uint16_t)(batch->length - start);
}

int net_socket(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return -errno;
  int on = 1;
  // Without it each failure brings the whole request back. Older kernels than 4.3 don't know it; then it does.
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
  // A kernel that doesn't answer is a defect somewhere; it must not hang a container's start for ever.
  struct timeval patience = {.tv_sec = 10};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  return fd;
}

static int send_all(int fd, const struct net_batch *batch) {
  if (batch->overflow) return -EMSGSIZE;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t sent;
  do {
    sent = sendto(fd, batch->bytes, batch->length, 0, (struct sockaddr *)&kernel, sizeof(kernel));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

static ssize_t receive(int fd, void *buffer, size_t size) {
  ssize_t length;
  do {
    length = recv(fd, buffer, size, 0);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
  return length;
}

int net_exchange(int fd, struct net_batch *batch, net_result *result, void *context) {
  if (batch->length == 0) return 0;
  int error = send_all(fd, batch);
  if (error < 0) return error;
  for (uint32_t awaited = batch->awaited; awaited > 0;) {
    _Alignas(8) unsigned char buffer[8192];
    ssize_t length = receive(fd, buffer, sizeof(buffer));
    if (length < 0) return (int)length;
    int rest = (int)length;
    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, rest);
         message = NLMSG_NEXT(message, rest)) {
      uint32_t number = message->nlmsg_seq - batch->first_sequence;
      if (message->nlmsg_type != NLMSG_ERROR || number >= NET_BATCH_MESSAGES) continue;
      int outcome = ((struct nlmsgerr *)NLMSG_DATA(message))->error;
      if (outcome != 0) result(context, number, outcome);
      if (awaited > 0) awaited--;
    }
  }
  return 0;
}

static void keep_first(void *context, uint32_t number, int error) {
  (void)number;
  int *first = context;
  if (*first == 0) *first = error;
}

int net_request(int fd, struct net_batch *batch) {
  int first = 0;
  int error = net_exchange(fd, batch, keep_first, &first);
  return error < 0 ? error : first;
}

int net_dump(int fd, struct net_batch *batch, net_visit *visit, void *context) {
  int error = send_all(fd, batch);
  if (error < 0) return error;
  for (;;) {
    _Alignas(8) unsigned char buffer[16384];
    ssize_t length = receive(fd, buffer, sizeof(buffer));
    if (length < 0) return (int)length;
    int rest = (int)length;
    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, rest);
         message = NLMSG_NEXT(message, rest)) {
      if (message->nlmsg_seq - batch->first_sequence >= NET_BATCH_MESSAGES) continue;
      if (message->nlmsg_type == NLMSG_DONE) return 0;
      if (message->nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(message))->error;
      visit(context, message);
    }
  }
}
