#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_forward.h"
#include "util.h"

enum { BUCKETS = 256, SILENCE_MS = 90000, MAX_SESSIONS = 16384, DATAGRAM = 65536, ROUNDS = 64 };

// A client of a port: its packets come from a socket of its own inside, so that answers find the way back.
struct session {
  enum net_watched watched;
  struct session *next;
  const struct net_port *port;
  int fd;
  int64_t last;
  struct sockaddr_storage client;
  socklen_t client_size;
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(struct in6_pktinfo))]; } from;  // the address it spoke to
  size_t from_size;
};

static struct session *buckets[BUCKETS];
static unsigned session_count;
static char datagram[DATAGRAM];

static unsigned hash(const void *bytes, size_t length) {
  unsigned value = 2166136261u;
  for (size_t i = 0; i < length; i++) value = (value ^ ((const unsigned char *)bytes)[i]) * 16777619u;
  return value % BUCKETS;
}

static struct session *find(const struct net_port *port, const struct msghdr *message) {
  struct session *session = buckets[hash(message->msg_name, message->msg_namelen)];
  while (session != NULL && (session->port != port || session->client_size != message->msg_namelen ||
                             memcmp(&session->client, message->msg_name, message->msg_namelen) != 0)) {
    session = session->next;
  }
  return session;
}

// The source of answers: the address that the client spoke to, which a host with several would else choose by its routes.
static void keep_own_address(struct session *session, const struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
       header = CMSG_NXTHDR((struct msghdr *)message, header)) {
    bool v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO;
    bool v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO;
    if (!v6 && !v4) continue;
    memcpy(&session->from, header, header->cmsg_len);
    if (v6) ((struct in6_pktinfo *)CMSG_DATA(&session->from.header))->ipi6_ifindex = 0;
    else ((struct in_pktinfo *)CMSG_DATA(&session->from.header))->ipi_ifindex = 0;
    session->from_size = CMSG_SPACE(v6 ? sizeof(struct in6_pktinfo) : sizeof(struct in_pktinfo));
  }
}

static struct session *make(const struct net_port *port, const struct msghdr *message, int epoll) {
  if (session_count >= MAX_SESSIONS) return NULL;
  struct session *session = calloc(1, sizeof(*session));
  if (session == NULL) return NULL;
  session->watched = NET_WATCH_UDP;
  session->port = port;
  memcpy(&session->client, message->msg_name, message->msg_namelen);
  session->client_size = message->msg_namelen;
  keep_own_address(session, message);
  session->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int off = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
  if (session->fd < 0 || setsockopt(session->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
      connect(session->fd, (const struct sockaddr *)&port->target, sizeof(port->target)) < 0 ||
      epoll_ctl(epoll, EPOLL_CTL_ADD, session->fd, &event) < 0) {
    if (session->fd >= 0) close(session->fd);
    free(session);
    return NULL;
  }
  unsigned bucket = hash(message->msg_name, message->msg_namelen);
  session->next = buckets[bucket];
  buckets[bucket] = session;
  session_count++;
  return session;
}

void net_udp_receive(struct net_port *port, int epoll) {
  for (int round = 0; round < ROUNDS; round++) {
    struct sockaddr_storage client = {0};
    struct iovec part = {.iov_base = datagram, .iov_len = sizeof(datagram)};
    char control[128];
    struct msghdr message = {.msg_name = &client, .msg_namelen = sizeof(client), .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(port->fd, &message, MSG_DONTWAIT);
    if (length < 0) return;
    struct session *session = find(port, &message);
    if (session == NULL) session = make(port, &message, epoll);
    if (session == NULL) continue;
    session->last = monotonic_ms();
    // A datagram that can't go is lost, as datagrams are.
    (void)send(session->fd, datagram, (size_t)length, MSG_DONTWAIT);
  }
}

void net_udp_return(void *what) {
  struct session *session = what;
  for (int round = 0; round < ROUNDS; round++) {
    ssize_t length = recv(session->fd, datagram, sizeof(datagram), MSG_DONTWAIT);
    // Nobody listens inside: the error is taken off the socket, so that it is not reported for ever.
    if (length < 0) return;
    session->last = monotonic_ms();
    struct iovec part = {.iov_base = datagram, .iov_len = (size_t)length};
    struct msghdr message = {.msg_name = &session->client, .msg_namelen = session->client_size, .msg_iov = &part,
                             .msg_iovlen = 1, .msg_control = session->from_size > 0 ? &session->from : NULL,
                             .msg_controllen = session->from_size};
    (void)sendmsg(session->port->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

int net_udp_expire(void) {
  if (session_count == 0) return -1;
  static int64_t next;
  int64_t now = monotonic_ms();
  if (now >= next) {
    next = now + SILENCE_MS / 3;
    for (unsigned i = 0; i < BUCKETS; i++) {
      for (struct session **at = &buckets[i]; *at != NULL;) {
        struct session *session = *at;
        if (now - session->last < SILENCE_MS) {
          at = &session->next;
          continue;
        }
        *at = session->next;
        close(session->fd);
        free(session);
        session_count--;
      }
    }
  }
  return (int)(next - now);
}
