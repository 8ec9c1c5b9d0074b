#include "manager_call.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

enum { MESSAGE_MAX = 4096, PATIENCE_S = 10 };
enum { METHOD_CALL = 1, METHOD_RETURN, ERROR };
enum { FIELD_PATH = 1, FIELD_INTERFACE, FIELD_MEMBER, FIELD_SIGNATURE = 8 };

// Numbers in our own byte order, which the message names; each aligned to its size.
struct message { unsigned char bytes[MESSAGE_MAX]; size_t length; bool full; };

static void put(struct message *m, const void *bytes, size_t length) {
  if (m->full || length > sizeof m->bytes - m->length) {
    m->full = true;
    return;
  }
  memcpy(m->bytes + m->length, bytes, length);
  m->length += length;
}

static void align(struct message *m, size_t to) {
  static const unsigned char zeros[8];
  put(m, zeros, (to - m->length % to) % to);
}

static void put_byte(struct message *m, unsigned char byte) { put(m, &byte, 1); }

static void put_number(struct message *m, uint32_t number) {
  align(m, 4);
  put(m, &number, sizeof number);
}

static void put_string(struct message *m, const char *text) {
  put_number(m, (uint32_t)strlen(text));
  put(m, text, strlen(text) + 1);
}

static void put_signature(struct message *m, const char *text) {
  put_byte(m, (unsigned char)strlen(text));
  put(m, text, strlen(text) + 1);
}

// The length of an array is known at its end, and doesn't count the padding before its first element.
struct array { size_t length_at, start; };

static struct array array_begin(struct message *m, size_t alignment) {
  put_number(m, 0);
  size_t at = m->length - 4;
  align(m, alignment);
  return (struct array){at, m->length};
}

static void array_end(struct message *m, struct array array) {
  uint32_t length = (uint32_t)(m->length - array.start);
  if (!m->full) memcpy(m->bytes + array.length_at, &length, sizeof length);
}

static void header_field(struct message *m, unsigned char code, const char *type, const char *value) {
  align(m, 8);
  put_byte(m, code);
  put_signature(m, type);
  if (*type == 'g') put_signature(m, value);
  else put_string(m, value);
}

static void property(struct message *m, const char *name, const char *type) {
  align(m, 8);
  put_string(m, name);
  put_signature(m, type);
}

static void text_property(struct message *m, const char *name, const char *value) {
  property(m, name, "s");
  put_string(m, value);
}

static void properties(struct message *m, pid_t pid, const char *slice, const char *part_of) {
  struct array all = array_begin(m, 8);
  property(m, "PIDs", "au");
  struct array pids = array_begin(m, 4);
  put_number(m, (uint32_t)pid);
  array_end(m, pids);
  property(m, "Delegate", "b");
  put_number(m, 1);
  text_property(m, "CollectMode", "inactive-or-failed");
  text_property(m, "Description", "A container of Wherry");
  if (slice != NULL) text_property(m, "Slice", slice);
  if (part_of != NULL) {
    property(m, "PartOf", "as");
    struct array units = array_begin(m, 4);
    put_string(m, part_of);
    array_end(m, units);
  }
  array_end(m, all);
}

static void start_transient_unit(struct message *m, const char *unit, pid_t pid, const char *slice, const char *part_of) {
  uint16_t one = 1;
  bool little = *(unsigned char *)&one == 1;
  const unsigned char start[] = {little ? 'l' : 'B', METHOD_CALL, 0, 1};
  put(m, start, sizeof start);
  put_number(m, 0);
  put_number(m, 1);
  struct array fields = array_begin(m, 8);
  header_field(m, FIELD_PATH, "o", "/org/freedesktop/systemd1");
  header_field(m, FIELD_INTERFACE, "s", "org.freedesktop.systemd1.Manager");
  header_field(m, FIELD_MEMBER, "s", "StartTransientUnit");
  header_field(m, FIELD_SIGNATURE, "g", "ssa(sv)a(sa(sv))");
  array_end(m, fields);
  align(m, 8);
  size_t body = m->length;
  put_string(m, unit);
  put_string(m, "fail");
  properties(m, pid, slice, part_of);
  array_end(m, array_begin(m, 8));
  uint32_t length = (uint32_t)(m->length - body);
  if (!m->full) memcpy(m->bytes + 4, &length, sizeof length);
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_S};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int)sizeof address.sun_path ||
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close_fd(&fd);
  }
  return fd;
}

static bool read_all(int fd, void *into, size_t length) {
  for (unsigned char *at = into; length > 0;) {
    ssize_t got = read(fd, at, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? errno = ECONNRESET, false : false;
    at += got;
    length -= (size_t)got;
  }
  return true;
}

// The kernel tells the manager who we are; without a name it asks, and takes an empty answer.
static bool authenticate(int fd) {
  static const char ours[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
  char line[256];
  size_t length = 0;
  if (write_all(fd, ours, sizeof ours - 1) != 0) return false;
  for (;;) {
    if (length == sizeof line - 1) return errno = EPROTO, false;
    if (!read_all(fd, line + length, 1)) return false;
    if (line[length++] != '\n') continue;
    if (strncmp(line, "OK ", 3) == 0) return true;
    if (strncmp(line, "DATA", 4) != 0) return errno = EACCES, false;
    length = 0;
  }
}

// Passes over signals; an error's words are its first argument.
static int read_reply(int fd) {
  static unsigned char body[MESSAGE_MAX];
  for (;;) {
    unsigned char head[16];
    uint32_t length, fields;
    if (!read_all(fd, head, sizeof head)) return fail(NULL);
    memcpy(&length, head + 4, sizeof length);
    memcpy(&fields, head + 12, sizeof fields);
    if (length > sizeof body - 8 || fields > sizeof body - 8) return errno = EPROTO, fail(NULL);
    if (!read_all(fd, body, (fields + 7) & ~7u)) return fail(NULL);
    if (!read_all(fd, body, length)) return fail(NULL);
    if (head[1] == METHOD_RETURN) return 0;
    if (head[1] != ERROR) continue;
    body[length] = '\0';
    return fail_detail(NULL, "systemd's user manager gives the container no cgroup: %s", length > 4 ? (char *)body + 4 : "it says no more");
  }
}

int manager_start_scope(const char *socket, const char *unit, pid_t pid, const char *slice, const char *part_of) {
  static struct message message;
  message.length = 0;
  message.full = false;
  start_transient_unit(&message, unit, pid, slice, part_of);
  if (message.full) return errno = E2BIG, fail(unit);
  CLEAN_FD int fd = connect_to(socket);
  if (fd < 0 || !authenticate(fd) || write_all(fd, message.bytes, message.length) != 0) {
    return fail_detail(socket, "systemd's user manager can't be asked for a cgroup: %s", strerror(errno));
  }
  return read_reply(fd);
}
