#include "net_forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_pipe.h"
#include "net_shared.h"
#include "net_source.h"

enum { ROUNDS = 8 };

// One direction: bytes go from a socket through a pipe to the other socket, and are never copied.
struct flow {
  struct net_pipe pipe;  // while there are bytes in it
  size_t held;           // how many
  bool ended;            // the source has no more
  bool shut;             // and the other side was told
};

struct end {
  enum net_watched watched;
  struct connection *connection;
  int fd;
  bool readable, writable;
};

struct connection {
  struct end ends[2];    // 0 the client's, 1 the container's
  struct flow flows[2];  // flows[i] comes from ends[i]
  bool connected, dead;
  struct connection *next_dead;
};

struct watched_port { enum net_watched watched; struct net_port *port; };

static int epoll_fd;
static struct connection *dead_connections;

static void close_connection(struct connection *connection) {
  if (connection->dead) return;
  connection->dead = true;
  for (int i = 0; i < 2; i++) {
    if (connection->ends[i].fd >= 0) close(connection->ends[i].fd);
    if (connection->flows[i].held > 0) net_pipe_close(&connection->flows[i].pipe);
  }
  // Other events of this round may still point to it.
  connection->next_dead = dead_connections;
  dead_connections = connection;
}

static void free_dead(void) {
  while (dead_connections != NULL) {
    struct connection *next = dead_connections->next_dead;
    free(dead_connections);
    dead_connections = next;
  }
}

// Moves one portion; false when the connection is broken.
static bool move(struct end *from, struct end *to, struct flow *flow) {
  if (from->readable && !flow->ended && flow->held == 0) {
    if (!net_pipe_take(&flow->pipe)) return false;
    ssize_t taken = splice(from->fd, NULL, flow->pipe.in, NULL, flow->pipe.portion, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    int error = errno;
    if (taken > 0) flow->held = (size_t)taken;
    else net_pipe_return(&flow->pipe);
    if (taken == 0) flow->ended = true;
    else if (taken < 0 && error == EAGAIN) from->readable = false;
    else if (taken < 0 && error != EINTR) return false;
  }
  if (to->writable && flow->held > 0) {
    ssize_t given = splice(flow->pipe.out, NULL, to->fd, NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (given > 0) {
      flow->held -= (size_t)given;
      if (flow->held == 0) net_pipe_return(&flow->pipe);
    } else if (given < 0 && errno == EAGAIN) to->writable = false;
    else if (given < 0 && errno != EINTR) return false;
  }
  if (flow->ended && flow->held == 0 && !flow->shut) {
    flow->shut = true;
    if (shutdown(to->fd, SHUT_WR) < 0 && errno != ENOTCONN) return false;
  }
  return true;
}

// Whether a flow stopped only because it had moved enough for one turn.
static bool has_more(const struct connection *connection) {
  for (int i = 0; i < 2; i++) {
    const struct flow *flow = &connection->flows[i];
    if (flow->held > 0 ? connection->ends[1 - i].writable : connection->ends[i].readable && !flow->ended) return true;
  }
  return false;
}

static void run_connection(struct connection *connection) {
  for (int turn = 0; turn < ROUNDS && !connection->dead; turn++) {
    for (int i = 0; i < 2; i++) {
      if (!move(&connection->ends[i], &connection->ends[1 - i], &connection->flows[i])) {
        close_connection(connection);
        return;
      }
    }
    if (connection->flows[0].shut && connection->flows[1].shut) {
      close_connection(connection);
      return;
    }
    if (!has_more(connection)) return;
  }
  if (connection->dead) return;
  // The rest at the next turn, after others had theirs: an edge has to be made anew.
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
  for (int i = 0; i < 2; i++) {
    event.data.ptr = &connection->ends[i];
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, connection->ends[i].fd, &event);
  }
}

static void on_end(struct end *end, uint32_t events) {
  struct connection *connection = end->connection;
  if (connection->dead) return;
  if (events & (EPOLLERR | EPOLLHUP) && !connection->connected) {
    close_connection(connection);
    return;
  }
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->readable = true;
  if (events & EPOLLOUT) {
    end->writable = true;
    if (end == &connection->ends[1]) connection->connected = true;
  }
  if (connection->connected) run_connection(connection);
}

static int connect_inside(const struct net_port *port) {
  bool mapped = IN6_IS_ADDR_V4MAPPED(&port->target.sin6_addr);
  int fd = socket(mapped ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port->target.sin6_port};
  memcpy(&v4.sin_addr, port->target.sin6_addr.s6_addr + 12, 4);
  const struct sockaddr *address = mapped ? (struct sockaddr *)&v4 : (const struct sockaddr *)&port->target;
  if (connect(fd, address, mapped ? sizeof(v4) : sizeof(port->target)) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

// An address of IPv4 as mapped, as ports have it.
static void as_v6(struct sockaddr_in6 *address) {
  if (address->sin6_family != AF_INET) return;
  struct sockaddr_in v4;
  memcpy(&v4, address, sizeof(v4));
  *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
  address->sin6_addr.s6_addr[10] = address->sin6_addr.s6_addr[11] = 0xff;
  memcpy(address->sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
}

// Whether who connected did so from the address that it connected to.
static bool is_local(int fd, const struct sockaddr_in6 *peer) {
  struct sockaddr_in6 own;
  socklen_t size = sizeof(own);
  if (getsockname(fd, (struct sockaddr *)&own, &size) < 0) return false;
  as_v6(&own);
  return memcmp(&own.sin6_addr, &peer->sin6_addr, sizeof(own.sin6_addr)) == 0;
}

// Nothing is lost within a machine. Pacing, as by bbr, where that is the machine's choice for what is outside, only holds
// bytes back there, and its timers take a fifth of the time. Every kernel has reno, and lets anybody use it.
static void do_not_pace(int fd) {
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static void accept_client(const struct net_port *port) {
  for (int round = 0; round < 64; round++) {
    struct sockaddr_in6 peer;
    socklen_t size = sizeof(peer);
    int client = accept4(port->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    as_v6(&peer);
    bool local = is_local(client, &peer);
    int inside = local ? -1 : net_source_connect(&peer, &port->target);
    if (inside < 0) inside = connect_inside(port);
    struct connection *connection = inside < 0 ? NULL : calloc(1, sizeof(*connection));
    if (connection == NULL) {
      if (inside >= 0) close(inside);
      close(client);
      continue;
    }
    if (local) do_not_pace(client);
    do_not_pace(inside);
    const int on = 1;
    const int fds[] = {client, inside};
    for (int i = 0; i < 2; i++) {
      // The programs at the ends decide what is held back; the way between must not.
      setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      connection->ends[i] = (struct end){.watched = NET_WATCH_END, .connection = connection, .fd = fds[i]};
    }
    for (int i = 0; i < 2; i++) {
      struct epoll_event event = {
          .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &connection->ends[i]};
      if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &event) < 0) close_connection(connection);
    }
  }
}

static void watch(int fd, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  (void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

// Takes a namespace of the container and listens from then on. False when there is nobody left to take from.
static bool on_channel(int channel, struct watched_port *ports, size_t count, bool *listening) {
  char byte;
  int name_space;
  long length = net_receive_packet(channel, &byte, 1, &name_space);
  if (length <= 0) return false;
  int32_t error = 0;
  if (name_space < 0) error = EINVAL;
  else if (setns(name_space, CLONE_NEWNET) < 0) error = errno;
  if (name_space >= 0) close(name_space);
  net_source_entered();
  if (error == 0 && !*listening) {
    for (size_t i = 0; i < count; i++) watch(ports[i].port->fd, &ports[i]);
    *listening = true;
  }
  return net_send_packet(channel, &error, sizeof(error), -1) == 0;
}

void net_forward_loop(struct net_port *ports, size_t count, int channel) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct watched_port *watched = calloc(count + 1, sizeof(*watched));
  if (epoll_fd < 0 || watched == NULL) return;
  for (size_t i = 0; i < count; i++) watched[i] = (struct watched_port){NET_WATCH_PORT, &ports[i]};
  watched[count].watched = NET_WATCH_CHANNEL;
  watch(channel, &watched[count]);
  bool listening = false;
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll_fd, events, 64, net_udp_expire());
    for (int i = 0; i < ready; i++) {
      void *what = events[i].data.ptr;
      switch (*(enum net_watched *)what) {
        case NET_WATCH_PORT: {
          struct net_port *port = ((struct watched_port *)what)->port;
          if (port->protocol == IPPROTO_TCP) accept_client(port);
          else net_udp_receive(port, epoll_fd);
          break;
        }
        case NET_WATCH_CHANNEL:
          if (!on_channel(channel, watched, count, &listening)) return;
          break;
        case NET_WATCH_END: on_end(what, events[i].events); break;
        case NET_WATCH_UDP: net_udp_return(what); break;
      }
    }
    free_dead();
  }
}
