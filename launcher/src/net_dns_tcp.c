#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "net_dns.h"
#include "net_dns_names.h"
#include "util.h"

// A connection that says nothing is ended after PATIENCE_S, any one after LIFE_S.
enum { MAX_SERVERS = 32, PATIENCE_S = 5, LIFE_S = 30, MESSAGE = 65535 };

static pid_t servers[MAX_SERVERS];

static bool read_all(int fd, unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, bytes, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    length -= (size_t)got;
  }
  return true;
}

// A message and the two bytes of its length before it (RFC 1035, 4.2.2); its length, or -1.
static ssize_t read_message(int fd, unsigned char *message) {
  unsigned char prefix[2];
  if (!read_all(fd, prefix, sizeof(prefix))) return -1;
  size_t length = (size_t)(prefix[0] << 8 | prefix[1]);
  return read_all(fd, message, length) ? (ssize_t)length : -1;
}

static bool write_message(int fd, const unsigned char *message, size_t length) {
  const unsigned char prefix[2] = {(unsigned char)(length >> 8), (unsigned char)length};
  // One segment for both, as some clients take no more than one.
  return send(fd, prefix, sizeof(prefix), MSG_MORE | MSG_NOSIGNAL) == sizeof(prefix) && write_all(fd, message, length) == 0;
}

static void be_patient(int fd) {
  const struct timeval patience = {.tv_sec = PATIENCE_S};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

// Asks the host's servers one after another, from the host's network, where this process is.
static ssize_t ask_outside(const unsigned char *question, size_t length, unsigned char *answer) {
  struct sockaddr_in6 addresses[NET_DNS_UPSTREAMS];
  unsigned count = net_dns_upstreams(addresses);
  for (unsigned i = 0; i < count; i++) {
    CLEAN_FD int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int off = 0;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    be_patient(fd);
    if (connect(fd, (struct sockaddr *)&addresses[i], sizeof(addresses[i])) < 0) continue;
    if (!write_message(fd, question, length)) continue;
    ssize_t got = read_message(fd, answer);
    if (got > 0) return got;
  }
  return -1;
}

static void serve(int fd, const struct in6_addr *client) {
  static unsigned char question[MESSAGE], answer[MESSAGE];
  static struct net_dns_reply reply = {.limit = NET_DNS_PACKET};
  be_patient(fd);
  for (;;) {
    ssize_t length = read_message(fd, question);
    if (length < 0) return;
    enum net_dns_verdict verdict = net_dns_decide(question, (size_t)length, client, &reply);
    if (verdict == NET_DNS_IGNORE) return;
    ssize_t outside = verdict == NET_DNS_PASS_ON ? ask_outside(question, (size_t)length, answer) : -1;
    bool written = outside > 0 ? write_message(fd, answer, (size_t)outside) : write_message(fd, reply.bytes, reply.length);
    if (!written) return;
  }
}

void net_dns_tcp_accept(int listening) {
  struct sockaddr_in6 client;
  socklen_t size = sizeof(client);
  CLEAN_FD int fd = accept4(listening, (struct sockaddr *)&client, &size, SOCK_CLOEXEC);
  if (fd < 0) return;
  unsigned place = 0;
  while (place < MAX_SERVERS && servers[place] != 0) place++;
  // More than that at once: they may ask again.
  if (place == MAX_SERVERS) return;
  pid_t pid = fork();
  if (pid > 0) servers[place] = pid;
  if (pid != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(LIFE_S);
  serve(fd, &client.sin6_addr);
  _exit(0);
}

void net_dns_tcp_reaped(pid_t pid) {
  for (unsigned i = 0; i < MAX_SERVERS; i++) {
    if (servers[i] == pid) servers[i] = 0;
  }
}
