#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "net_firewall.h"
#include "net_link.h"
#include "net_message.h"

void net_open(struct net *net, int container_fd, int shared_fd) {
  net->namespace_fd[NET_CONTAINER] = container_fd;
  net->namespace_fd[NET_SHARED] = shared_fd;
  net->current = NET_WHERES;
  for (int where = 0; where < NET_WHERES; where++) net->route_fd[where] = net->firewall_fd[where] = -1;
}

void net_close(struct net *net) {
  for (int where = 0; where < NET_WHERES; where++) {
    if (net->route_fd[where] >= 0) close(net->route_fd[where]);
    if (net->firewall_fd[where] >= 0) close(net->firewall_fd[where]);
    net->route_fd[where] = net->firewall_fd[where] = -1;
  }
}

int net_enter(struct net *net, enum net_where where) {
  if (net->current == where) return 0;
  if (net->namespace_fd[where] < 0) return -EBADF;
  if (setns(net->namespace_fd[where], CLONE_NEWNET) < 0) return -errno;
  net->current = where;
  return 0;
}

static int socket_in(struct net *net, int *fds, enum net_where where, int protocol) {
  if (fds[where] >= 0) return fds[where];
  int error = net_enter(net, where);
  if (error < 0) return error;
  int fd = net_socket(protocol);
  if (fd >= 0) fds[where] = fd;
  return fd;
}

static int route_socket(struct net *net, enum net_where where) {
  return socket_in(net, net->route_fd, where, NETLINK_ROUTE);
}

static int write_sysctl(const char *key, const char *value) {
  char path[256];
  int length = snprintf(path, sizeof(path), "/proc/sys/net/%s", key);
  if (length < 0 || (size_t)length >= sizeof(path)) return -ENAMETOOLONG;
  for (char *at = path + strlen("/proc/sys/net/"); *at != '\0'; at++) {
    if (*at == '/') return -EINVAL;
    if (*at == '.') *at = '/';
  }
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  // Where the kernel has no IPv6 there is nothing of it to be set.
  if (fd < 0 && errno == ENOENT && strncmp(key, "ipv6.", 5) == 0 && access("/proc/sys/net/ipv6", F_OK) < 0) return 0;
  if (fd < 0) return -errno;
  size_t size = strlen(value);
  ssize_t written = write(fd, value, size);
  int error = written < 0 ? -errno : (size_t)written == size ? 0 : -EIO;
  close(fd);
  return error;
}

static bool goes_by_route(const struct net_operation *operation) {
  return operation->kind <= NET_ROUTE_ADD &&
         !(operation->kind == NET_LINK_ADD && operation->link_add.kind == NET_TAP);
}

// An operation that isn't a message of a batch.
static int apply_single(struct net *net, const struct net_operation *operation) {
  int error = net_enter(net, operation->where);
  if (error < 0) return error;
  if (operation->kind == NET_SYSCTL_SET) return write_sysctl(operation->sysctl_set.key, operation->sysctl_set.value);
  if (operation->kind == NET_LINK_ADD) return net_tap_add(operation);
  int fd = socket_in(net, net->firewall_fd, operation->where, NETLINK_NETFILTER);
  if (fd < 0) return fd;
  return operation->kind == NET_FIREWALL_ADD ? net_firewall_add(fd, operation)
                                             : net_firewall_remove(fd, operation->firewall_remove.id);
}

// ---- in order, consecutive messages to one socket together ----

struct run {
  const struct net_step *steps;
  size_t first;  // index of the step that the batch begins with
  int *outcomes; // of each step of the batch: 1 not done, 0 done, -errno
};

static void note(void *context, uint32_t number, int error) {
  struct run *run = context;
  run->outcomes[number] = error;
}

static bool same_socket(const struct net_operation *a, const struct net_operation *b) {
  return goes_by_route(b) && a->where == b->where;
}

// Sends as many of the steps from `first` on as one batch takes. Answers with their number, their outcomes filled in, or
// with -errno when not even the first can be.
static int apply_batch(struct net *net, const struct net_step *steps, size_t first, size_t count, int *outcomes) {
  const struct net_operation *head = &steps[first].operation;
  int fd = route_socket(net, head->where);
  if (fd < 0) return fd;
  struct net_batch batch;
  net_batch_start(&batch);
  size_t taken = 0;
  while (first + taken < count && taken < NET_BATCH_MESSAGES) {
    const struct net_operation *operation = &steps[first + taken].operation;
    if (!same_socket(head, operation)) break;
    size_t length = batch.length;
    int error = net_link_message(net, &batch, fd, operation);
    if (error == -EAGAIN || (error < 0 && taken > 0) || (batch.overflow && taken > 0)) {
      batch.length = length;
      batch.overflow = false;
      if (batch.awaited > taken) batch.awaited = (uint32_t)taken;
      break;
    }
    if (error < 0) return error;
    outcomes[taken++] = 0;
  }
  struct run run = {.steps = steps, .first = first, .outcomes = outcomes};
  int error = net_exchange(fd, &batch, note, &run);
  return error < 0 ? error : (int)taken;
}

// The steps one after another. With `stop`, ends at the first failure; `done` counts the steps before it, and steps behind it
// that were carried out all the same, being in one batch with it, are taken back here.
static int apply(struct net *net, const struct net_step *steps, size_t count, bool stop, struct net_failure *failure);

static void undo(struct net *net, const struct net_step *steps, size_t count) {
  for (size_t i = count; i-- > 0;) {
    if (steps[i].undo == NULL) continue;
    const struct net_step step = {.operation = *steps[i].undo};
    struct net_failure ignored;
    // What can't be taken back mustn't keep the rest from being taken back; the first failure is what is reported.
    (void)apply(net, &step, 1, false, &ignored);
  }
}

// Where all steps are tried, what is there or gone already is as good as done.
static bool is_done_already(int error) {
  return error == -EEXIST || error == -ENODEV || error == -ENOENT || error == -ESRCH;
}

static int apply(struct net *net, const struct net_step *steps, size_t count, bool stop, struct net_failure *failure) {
  failure->error = 0;
  for (size_t i = 0; i < count;) {
    int outcomes[NET_BATCH_MESSAGES];
    int taken = 1;
    if (goes_by_route(&steps[i].operation)) taken = apply_batch(net, steps, i, count, outcomes);
    else outcomes[0] = apply_single(net, &steps[i].operation);
    if (taken < 0) {
      outcomes[0] = taken;
      taken = 1;
    }
    for (int j = 0; j < taken; j++) {
      if (!stop && is_done_already(outcomes[j])) outcomes[j] = 0;
      if (outcomes[j] == 0 || failure->error != 0) continue;
      *failure = (struct net_failure){.index = i + (size_t)j, .error = outcomes[j]};
    }
    if (stop && failure->error != 0) {
      for (int j = taken; j-- > 0;) {
        if (outcomes[j] == 0) undo(net, &steps[i + (size_t)j], 1);
      }
      undo(net, steps, i);
      return failure->error;
    }
    i += (size_t)taken;
  }
  return failure->error;
}

// Of a container that ended while another one still has its namespace, the pair of links is there, and in the way at its next
// start: the undo operation names the end of it.
static bool is_left_over(const struct net_step *step, int error) {
  return error == -EEXIST && step->operation.kind == NET_LINK_ADD && step->operation.link_add.kind == NET_VETH &&
         step->undo != NULL;
}

static void settle(struct net *net, const struct net_operation *operation) {
  if (operation->kind != NET_LINK_SET || !operation->link_set.up) return;
  int fd = route_socket(net, operation->where);
  if (fd < 0) return;
  net_link_settle(fd, *operation->link_set.rename == '\0' ? operation->link_set.name : operation->link_set.rename);
  if (*operation->link_set.master != '\0') net_link_settle(fd, operation->link_set.master);
}

int net_apply(struct net *net, const struct net_step *steps, size_t count, struct net_failure *failure) {
  int error = apply(net, steps, count, true, failure);
  if (error != 0 && is_left_over(&steps[failure->index], error)) {
    undo(net, &steps[failure->index], 1);
    error = apply(net, steps, count, true, failure);
  }
  for (size_t i = 0; i < count && error == 0; i++) settle(net, &steps[i].operation);
  return error;
}

int net_apply_all(struct net *net, const struct net_step *steps, size_t count, struct net_failure *failure) {
  return apply(net, steps, count, false, failure);
}

static int link_flags(int fd, unsigned long request_code, struct ifreq *request) {
  return ioctl(fd, request_code, request) < 0 ? -errno : 0;
}

int net_link_is_up(struct net *net, enum net_where where, const char *name) {
  int fd = route_socket(net, where);
  if (fd < 0) return fd;
  struct ifreq request = {0};
  if (strlen(name) >= sizeof(request.ifr_name)) return 0;
  strcpy(request.ifr_name, name);
  int error = link_flags(fd, SIOCGIFFLAGS, &request);
  if (error == -ENODEV) return 0;
  return error < 0 ? error : (request.ifr_flags & IFF_UP) != 0;
}

int net_loopback_up(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct ifreq request = {.ifr_name = "lo"};
  int error = link_flags(fd, SIOCGIFFLAGS, &request);
  if (error == 0) {
    request.ifr_flags |= IFF_UP;
    error = link_flags(fd, SIOCSIFFLAGS, &request);
  }
  close(fd);
  return error;
}
