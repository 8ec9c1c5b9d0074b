// The keeper of the network namespace that a user's bridges share. It stays in the host's network namespace, where helpers
// and the host's name servers are, and holds the shared one by a descriptor. Each connection to it is a use of the
// namespace; it ends some seconds after the last one.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net_dns.h"
#include "net_helper.h"
#include "net_namespace.h"
#include "net_shared.h"
#include "util.h"

enum { MAX_HELPERS = 8, RESTART_MS = 1000, RETRY_MS = 50, LOOK_MS = 1000 };

struct helper {
  char *packet;  // what it was asked for with: its slot, then what it is started with, each with a NUL
  size_t length;
  pid_t pid;
  int64_t again;  // when to start it again; 0 while it runs
};

static struct {
  const char *runtime;
  int directory, listening, signals, epoll;
  struct net_namespace name_space;
  ino_t socket;
  unsigned users;
  int64_t linger, ends;  // ends: when to go, unless a user comes
  struct helper helpers[MAX_HELPERS];
  unsigned helper_count;
} keeper;

// ---- helpers ----

static int start_helper(struct helper *helper, char *detail, size_t size) {
  const char *fields[130];
  size_t count = 0;
  for (const char *at = helper->packet + strlen(helper->packet) + 1; at < helper->packet + helper->length && count < COUNT(fields);) {
    fields[count++] = at;
    at += strlen(at) + 1;
  }
  if (count < 3) return EINVAL;
  const struct net_helper wanted = {
      .program = fields[0],
      .readiness = (enum net_readiness)atoi(fields[1]),
      .ready_path = fields[2],
      .arguments = fields + 3,
      .argc = count - 3,
  };
  pid_t pid = net_helper_start(&wanted, keeper.name_space.fd, keeper.runtime, detail, size);
  helper->pid = pid < 0 ? 0 : pid;
  helper->again = pid < 0 ? monotonic_ms() + RESTART_MS : 0;
  return pid < 0 ? -pid : 0;
}

static int want_helper(const char *packet, size_t length, char *detail, size_t size) {
  for (unsigned i = 0; i < keeper.helper_count; i++) {
    struct helper *helper = &keeper.helpers[i];
    if (strcmp(helper->packet, packet) != 0) continue;
    // One that runs stays: others have their connections through it.
    if (helper->again == 0) return 0;
    char *renewed = malloc(length);
    if (renewed == NULL) return ENOMEM;
    memcpy(renewed, packet, length);
    free(helper->packet);
    helper->packet = renewed;
    helper->length = length;
    return start_helper(helper, detail, size);
  }
  if (keeper.helper_count == MAX_HELPERS) return ENOSPC;
  struct helper helper = {.packet = malloc(length), .length = length};
  if (helper.packet == NULL) return ENOMEM;
  memcpy(helper.packet, packet, length);
  int error = start_helper(&helper, detail, size);
  if (error == 0) keeper.helpers[keeper.helper_count++] = helper;
  else free(helper.packet);
  return error;
}

static void reap(void) {
  struct signalfd_siginfo info;
  while (read(keeper.signals, &info, sizeof(info)) == sizeof(info)) continue;
  pid_t pid;
  while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
    net_dns_tcp_reaped(pid);
    for (unsigned i = 0; i < keeper.helper_count; i++) {
      if (keeper.helpers[i].pid != pid) continue;
      keeper.helpers[i].pid = 0;
      keeper.helpers[i].again = monotonic_ms() + 1;
    }
  }
}

static void mend(void) {
  char detail[1024];
  for (unsigned i = 0; i < keeper.helper_count; i++) {
    struct helper *helper = &keeper.helpers[i];
    if (helper->again == 0 || helper->again > monotonic_ms()) continue;
    // A helper that can't be started is tried again each second; who needs it is told when asking for it.
    (void)start_helper(helper, detail, sizeof(detail));
  }
}

// ---- users ----

static void watch(int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(keeper.epoll, EPOLL_CTL_ADD, fd, &event) < 0) close(fd);
}

static void accept_users(void) {
  for (;;) {
    int fd = accept4(keeper.listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) {
      close(fd);
      continue;
    }
    keeper.users++;
    keeper.ends = 0;
    watch(fd, EPOLLIN | EPOLLRDHUP);
  }
}

static void serve(int fd) {
  static char packet[NET_PACKET];
  int passed;
  long length = net_receive_packet(fd, packet, sizeof(packet), &passed);
  if (passed >= 0) close(passed);
  if (length <= 0) {
    close(fd);
    keeper.users--;
    if (keeper.users == 0) keeper.ends = monotonic_ms() + keeper.linger;
    return;
  }
  struct { int32_t error; char text[1024]; } answer = {0};
  int name_space = -1;
  if (packet[0] == 'n') name_space = keeper.name_space.fd;
  else if (packet[0] == 'p' && packet[length - 1] == '\0') {
    answer.error = want_helper(packet + 1, (size_t)length - 1, answer.text, sizeof(answer.text));
  } else answer.error = EINVAL;
  // A user that has gone meanwhile is noticed by the end of its connection.
  (void)net_send_packet(fd, &answer, sizeof(answer.error) + strlen(answer.text) + 1, name_space);
}

// The inode of the socket in the directory; 0 when there is none.
static ino_t socket_inode(void) {
  struct stat there;
  return fstatat(keeper.directory, "network", &there, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : there.st_ino;
}

// Goes, unless a user is about to come: they hold the lock while they connect.
static void end_unless_wanted(void) {
  // Users that the keeper before this one had aren't connected to this one.
  if (keeper.name_space.adopted && net_namespace_is_used(&keeper.name_space)) {
    keeper.ends = monotonic_ms() + (keeper.linger > LOOK_MS ? keeper.linger : LOOK_MS);
    return;
  }
  int lock = openat(keeper.directory, "network.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0) {
    close(lock);
    keeper.ends = monotonic_ms() + RETRY_MS;
    return;
  }
  accept_users();
  if (keeper.users > 0) {
    if (lock >= 0) close(lock);
    return;
  }
  // After another keeper has taken its place the name is that one's.
  if (socket_inode() == keeper.socket) unlinkat(keeper.directory, "network", 0);
  for (unsigned i = 0; i < keeper.helper_count; i++) {
    if (keeper.helpers[i].pid > 0) kill(keeper.helpers[i].pid, SIGKILL);
  }
  exit(0);
}

static int patience(void) {
  int64_t until = keeper.ends;
  for (unsigned i = 0; i < keeper.helper_count; i++) {
    int64_t again = keeper.helpers[i].again;
    if (again != 0 && (until == 0 || again < until)) until = again;
  }
  if (until == 0) return -1;
  int64_t left = until - monotonic_ms();
  return left < 0 ? 0 : (int)left;
}

int net_daemon_main(int argc, char **argv) {
  if (argc != 3) return 125;
  prctl(PR_SET_NAME, "wherry-network");
  keeper.listening = atoi(argv[0]);
  keeper.linger = atoll(argv[1]) * 1000;
  keeper.runtime = argv[2];
  fcntl(keeper.listening, F_SETFD, FD_CLOEXEC);
  fcntl(NET_KEEPER_USERS, F_SETFD, FD_CLOEXEC);  // not there when nobody holds the user namespace
  keeper.directory = open(keeper.runtime, O_PATH | O_DIRECTORY | O_CLOEXEC);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_SETMASK, &signals, NULL);
  keeper.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  keeper.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (chdir("/") < 0 || keeper.directory < 0 || keeper.signals < 0 || keeper.epoll < 0) return 125;
  keeper.socket = socket_inode();
  if (net_namespace_open(keeper.directory, &keeper.name_space) < 0) return 125;
  // The first user is about to come: it started this.
  keeper.ends = monotonic_ms() + keeper.linger + 1000;
  watch(keeper.listening, EPOLLIN);
  watch(keeper.signals, EPOLLIN);
  const int dns = keeper.name_space.dns, dns_tcp = keeper.name_space.dns_tcp;
  if (dns >= 0) {
    net_dns_open(dns, keeper.directory);
    watch(dns, EPOLLIN);
    watch(net_dns_outside(), EPOLLIN);
    if (dns_tcp >= 0) watch(dns_tcp, EPOLLIN);
  }
  for (;;) {
    struct epoll_event events[32];
    int count = epoll_wait(keeper.epoll, events, COUNT(events), patience());
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == keeper.listening) accept_users();
      else if (fd == keeper.signals) reap();
      else if (dns >= 0 && fd == dns) net_dns_question();
      else if (dns >= 0 && fd == dns_tcp) net_dns_tcp_accept(fd);
      else if (dns >= 0 && fd == net_dns_outside()) net_dns_answer();
      else serve(fd);
    }
    mend();
    if (keeper.ends != 0 && monotonic_ms() >= keeper.ends) end_unless_wanted();
  }
}
