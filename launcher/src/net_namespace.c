#include "net_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"
#include "net_shared.h"
#include "util.h"
#include "witness.h"

static void set(const char *path, const char *value) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  // Without IPv6 or the bridge module there is nothing to set.
  if (fd < 0) return;
  if (write(fd, value, strlen(value)) < 0 && errno != EPERM) perror(path);
  close(fd);
}

static void set_up(void) {
  set("/proc/sys/net/ipv4/ip_forward", "1");
  // An uplink of IPv6 makes itself known by advertisements, which a router takes only if told to (ip-sysctl.rst); bridges are
  // told not to by who makes them.
  set("/proc/sys/net/ipv6/conf/default/accept_ra", "2");
  set("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
  set("/proc/sys/net/ipv6/conf/all/forwarding", "1");
  // Otherwise what passes a bridge is looked at as if it were routed, and masqueraded on the way to a neighbour.
  set("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
  set("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
  set("/proc/sys/net/bridge/bridge-nf-call-arptables", "0");
}

static int dns_socket(int type) {
  int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  int off = 0, on = 1;
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0 &&
      (type == SOCK_DGRAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
      bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && (type == SOCK_DGRAM || listen(fd, 16) == 0)) {
    return fd;
  }
  close(fd);
  return -1;
}

// In a process of its own: who has left the host's network namespace can't come back.
static void go_inside(int channel, int adopted) {
  if (adopted >= 0 ? setns(adopted, CLONE_NEWNET) < 0 : unshare(CLONE_NEWNET) < 0) _exit(1);
  if (adopted < 0) {
    if (net_loopback_up() < 0) _exit(1);
    set_up();
  }
  int name_space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (name_space < 0 || net_send_packet(channel, "n", 1, name_space) < 0) _exit(1);
  if (net_send_packet(channel, "d", 1, dns_socket(SOCK_DGRAM)) < 0) _exit(1);
  if (net_send_packet(channel, "t", 1, dns_socket(SOCK_STREAM)) < 0) _exit(1);
  _exit(0);
}

// ---- one that is there ----

static int adoptable(int directory) {
  char text[32];
  uint64_t inode;
  struct stat wanted;
  if (read_text(directory, "namespace", text, sizeof(text)) < 0 || !parse_number(text, UINT64_MAX, &inode)) return -1;
  if (stat("/proc/self/ns/net", &wanted) < 0) return -1;
  wanted.st_ino = (ino_t)inode;
  int found;
  // Numbers are given again.
  if (witness_find(&wanted, NULL, &found) >= 0 && !net_namespace_is_ours(found)) close_fd(&found);
  return found;
}

static void write_number(int directory, int fd) {
  struct stat state;
  char text[32];
  if (fstat(fd, &state) < 0) return;
  int length = snprintf(text, sizeof(text), "%ju", (uintmax_t)state.st_ino);
  // Without the file a later keeper makes a namespace of its own.
  (void)replace_file(directory, "namespace", 0600, text, (size_t)length);
}

// ---- for the keeper ----

int net_namespace_open(int directory, struct net_namespace *name_space) {
  *name_space = (struct net_namespace){.fd = -1, .dns = -1, .dns_tcp = -1};
  int adopted = adoptable(directory);
  name_space->adopted = adopted >= 0;
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) return -1;
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) go_inside(channel[1], adopted);
  close(channel[1]);
  close_fd(&adopted);
  char byte;
  bool made = net_receive_packet(channel[0], &byte, 1, &name_space->fd) == 1 &&
              net_receive_packet(channel[0], &byte, 1, &name_space->dns) == 1 &&
              net_receive_packet(channel[0], &byte, 1, &name_space->dns_tcp) == 1 && name_space->fd >= 0;
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  close(channel[0]);
  if (made && !name_space->adopted) write_number(directory, name_space->fd);
  return made ? 0 : -1;
}

bool net_namespace_is_used(const struct net_namespace *name_space) {
  struct stat state;
  return fstat(name_space->fd, &state) == 0 && witness_find(&state, NULL, NULL) >= 0;
}

bool net_namespace_is_ours(int name_space) {
  CLEAN_FD int owner = ioctl(name_space, NS_GET_USERNS);
  struct stat its, own;
  return owner >= 0 && fstat(owner, &its) == 0 && stat("/proc/self/ns/user", &own) == 0 && its.st_ino == own.st_ino;
}
