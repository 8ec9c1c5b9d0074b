#include "log.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

enum { ADDRESSES_MAX = 8 };

static struct known {
  int type, count, next;
  bool local;
  struct { struct sockaddr_storage address; socklen_t length; } list[ADDRESSES_MAX];
} known;

static int local_address(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return fail(path);
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  memcpy(&known.list[0].address, &address, sizeof address);
  known.list[0].length = sizeof address;
  known.count = 1;
  known.local = true;
  return 0;
}

static int host_addresses(const char *address) {
  char host[256];
  const char *colon = strrchr(address, ':');
  size_t length = colon == NULL ? 0 : (size_t)(colon - address);
  if (length == 0 || length >= sizeof host) {
    errno = EINVAL;
    return fail(address);
  }
  bool bracketed = address[0] == '[' && address[length - 1] == ']';
  snprintf(host, sizeof host, "%.*s", (int)(bracketed ? length - 2 : length), address + bracketed);
  struct addrinfo hints = {.ai_socktype = known.type}, *found = NULL;
  int error = getaddrinfo(host, colon + 1, &hints, &found);
  if (error != 0) {
    errno = EHOSTUNREACH;
    return fail_detail(address, "the log driver's host %s isn't found: %s", host, gai_strerror(error));
  }
  for (struct addrinfo *one = found; one != NULL && known.count < ADDRESSES_MAX; one = one->ai_next) {
    memcpy(&known.list[known.count].address, one->ai_addr, one->ai_addrlen);
    known.list[known.count++].length = one->ai_addrlen;
  }
  freeaddrinfo(found);
  return 0;
}

int log_address_resolve(const char *address) {
  static const struct { const char *scheme; int type; bool local; } schemes[] = {
    {"unix:", SOCK_STREAM, true}, {"unixgram:", SOCK_DGRAM, true}, {"udp:", SOCK_DGRAM, false}, {"tcp:", SOCK_STREAM, false},
  };
  for (size_t i = 0; i < COUNT(schemes); i++) {
    size_t length = strlen(schemes[i].scheme);
    if (strncmp(address, schemes[i].scheme, length) != 0) continue;
    known.type = schemes[i].type;
    return schemes[i].local ? local_address(address + length) : host_addresses(address + length);
  }
  errno = EPROTONOSUPPORT;
  return fail(address);
}

void log_address_renew(const char *address) {
  struct known before = known;
  struct failure failed = failure;
  known.count = known.next = 0;
  if (log_address_resolve(address) != 0) known = before;
  failure = failed;
}

bool log_address_is_stream(void) { return known.type == SOCK_STREAM; }

bool log_address_is_udp(void) { return known.type == SOCK_DGRAM && !known.local; }

int log_address_begin(bool *connecting) {
  int error = EADDRNOTAVAIL;
  for (int tries = 0; tries < known.count; tries++) {
    int at = known.next;
    known.next = (known.next + 1) % known.count;
    const struct sockaddr *address = (const struct sockaddr *)&known.list[at].address;
    int fd = socket(address->sa_family, known.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, address, known.list[at].length) == 0) {
      *connecting = false;
      return fd;
    }
    if (fd >= 0 && errno == EINPROGRESS) {
      *connecting = true;
      return fd;
    }
    error = errno;
    close_fd(&fd);
  }
  errno = error;
  return -1;
}
