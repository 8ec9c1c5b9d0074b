// Messages to a socket: a queue of bounded size, sent as the socket takes them, and connections made anew with a back-off.
#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

enum {
  FIRST_DELAY_MS = 100,
  LAST_DELAY_MS = 30000,
  CONNECT_MS = 5000,
  // More than a helper has for what is at most on its way to it.
  LAST_WORDS_MS = 30000,
  // A line of 16 KiB as JSON, all of it escaped, and the fields around it.
  MESSAGE_MAX = 160 * 1024,
  // GELF over UDP: Graylog's size for wide networks, and its limit.
  CHUNK_SIZE = 1420,
  CHUNK_HEADER = 12,
  CHUNKS_MAX = 128,
};

// What a receiver that acknowledges has said of late.
static struct { char bytes[512]; size_t used; } answers;

struct head { uint32_t size, line; };  // of the message, and of the output in it

static struct {
  const struct log_settings *settings;
  int fd;
  bool connecting, stalled;
  int64_t next_try, connected_at, progress_at;  // monotonic, in milliseconds
  unsigned delay, retries;
  // A ring of messages, each behind its head.
  char *queue;
  size_t capacity, at, used;
  uint32_t count;  // of messages
  uint32_t sent;   // bytes of the first message, or chunks of it
  uint64_t progress, dropped, chunked;
  int error;
} out = {.fd = -1};

static char message[MESSAGE_MAX], plain[MESSAGE_MAX];
static size_t message_size, plain_size;

static void put(const char *bytes, size_t length) {
  if (length > sizeof message - message_size) length = sizeof message - message_size;
  memcpy(message + message_size, bytes, length);
  message_size += length;
}

static void put_plain(const char *bytes, size_t length) {
  if (length > sizeof plain - plain_size) length = sizeof plain - plain_size;
  memcpy(plain + plain_size, bytes, length);
  plain_size += length;
}

static void make_message(const struct log_line *line) {
  bool packs = out.settings->framing == FRAMING_GELF && out.settings->number != PACKING_NONE;
  message_size = plain_size = 0;
  log_message(out.settings, line, log_address_is_stream(), packs ? put_plain : put);
  if (packs) pack_message((enum packing)out.settings->number, plain, plain_size, put);
}

static void leave(void) {
  close_fd(&out.fd);
  out.connecting = false;
  out.sent = 0;
  answers.used = 0;
}

static void disconnect(int error) {
  leave();
  out.error = error;
  out.delay = out.delay == 0 ? FIRST_DELAY_MS : out.delay * 2 > LAST_DELAY_MS ? LAST_DELAY_MS : out.delay * 2;
  if (out.settings->retry_wait > 0) out.delay = out.settings->retry_wait;
  out.next_try = monotonic_ms() + out.delay;
  if (out.settings->max_retries == 0 || ++out.retries <= out.settings->max_retries) return;
  log_socket_discard();
  out.retries = 0;
}

// Whether there is a connection now.
static bool connected(void) {
  if (out.fd < 0) {
    if (monotonic_ms() < out.next_try) return false;
    out.fd = log_address_begin(&out.connecting);
    out.connected_at = out.progress_at = monotonic_ms();
    if (out.fd < 0) {
      if (out.settings->helper != NULL) log_helper_start(out.settings->helper);
      disconnect(errno);
      return false;
    }
  }
  if (!out.connecting) return true;
  struct pollfd fd = {.fd = out.fd, .events = POLLOUT};
  if (poll(&fd, 1, 0) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(out.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  out.connecting = false;
  if (error != 0) disconnect(error);
  return error == 0;
}

int log_socket_open(const struct log_settings *settings) {
  out.settings = settings;
  // Room for one message of any size: a smaller buffer would keep long lines out for good.
  out.capacity = settings->buffer + MESSAGE_MAX + sizeof(struct head);
  out.queue = mmap(NULL, out.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (out.queue == MAP_FAILED) return fail(NULL);
  if (log_address_resolve(settings->address) != 0) return -1;
  for (int64_t until = monotonic_ms() + CONNECT_MS; settings->required && !connected();) {
    int64_t left = until - monotonic_ms();
    struct pollfd fd = {.fd = out.fd, .events = POLLOUT};
    if (out.fd >= 0 && left > 0) {
      poll(&fd, 1, (int)left);
      continue;
    }
    errno = out.fd >= 0 ? ETIMEDOUT : out.error;
    return fail_detail(settings->address, "the log driver doesn't reach %s: %s", settings->address, strerror(errno));
  }
  out.error = 0;
  return 0;
}

static void copy_in(size_t to, const void *bytes, size_t length) {
  to %= out.capacity;
  size_t first = out.capacity - to < length ? out.capacity - to : length;
  memcpy(out.queue + to, bytes, first);
  memcpy(out.queue, (const char *)bytes + first, length - first);
}

static void copy_out(size_t from, void *bytes, size_t length) {
  from %= out.capacity;
  size_t first = out.capacity - from < length ? out.capacity - from : length;
  memcpy(bytes, out.queue + from, first);
  memcpy((char *)bytes + first, out.queue, length - first);
}

static struct head head_at(size_t at) {
  struct head head;
  copy_out(at, &head, sizeof head);
  return head;
}

static struct head first_head(void) { return head_at(out.at); }

static void remove_first(void) {
  size_t size = sizeof(struct head) + first_head().size;
  out.at = (out.at + size) % out.capacity;
  out.used -= size;
  out.count--;
  out.sent = 0;
  // A queue that is emptied now and then stays in few pages.
  if (out.used == 0) out.at = 0;
}

static void drop(size_t line, int error) {
  out.dropped += line > 0 ? line : 1;
  out.error = error;
}

bool log_socket_full(void) {
  const struct log_settings *settings = out.settings;
  return out.used > 0 && (out.used >= settings->buffer || (settings->messages > 0 && out.count >= settings->messages));
}

bool log_socket_line(const struct log_line *line) {
  if (log_socket_full()) {
    log_socket_flush();
    if (log_socket_full()) {
      // Who is slow holds the container up, where the user wants that; who can't be reached only where it's asked for.
      if (!out.settings->non_blocking && !out.stalled && (out.fd >= 0 || out.settings->holds)) return false;
      drop(line->length, out.fd >= 0 ? ENOBUFS : out.error);
      return true;
    }
  }
  make_message(line);
  struct head head = {(uint32_t)message_size, (uint32_t)line->length};
  if (out.used == 0) out.progress_at = monotonic_ms();
  out.count++;
  copy_in(out.at + out.used, &head, sizeof head);
  copy_in(out.at + out.used + sizeof head, message, message_size);
  out.used += sizeof head + message_size;
  return true;
}

static ssize_t send_parts(struct iovec *parts, size_t count) {
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = count};
  ssize_t sent;
  do sent = sendmsg(out.fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent;
}

// A stretch of the ring, in two parts where it goes over the ring's end.
static unsigned stretch(size_t from, size_t length, struct iovec parts[2]) {
  from %= out.capacity;
  size_t first = out.capacity - from < length ? out.capacity - from : length;
  parts[0] = (struct iovec){out.queue + from, first};
  parts[1] = (struct iovec){out.queue, length - first};
  return first < length ? 2 : 1;
}

static ssize_t send_bytes(size_t from, size_t length, const void *before, size_t before_length) {
  struct iovec parts[3] = {{(void *)before, before_length}};
  unsigned count = 1 + stretch(from, length, parts + 1);
  return send_parts(before_length > 0 ? parts : parts + 1, before_length > 0 ? count : count - 1);
}

// Over a stream as many messages at once as there are, but for those that are acknowledged one by one.
static ssize_t send_stream(void) {
  enum { TOGETHER = 64 };
  struct iovec parts[2 * TOGETHER];
  unsigned count = 0, most = out.settings->acknowledged ? 1 : TOGETHER;
  size_t at = out.at, skip = out.sent;
  for (size_t left = out.used; left > 0 && most > 0; most--) {
    size_t size = head_at(at).size;
    count += stretch(at + sizeof(struct head) + skip, size - skip, parts + count);
    at = (at + sizeof(struct head) + size) % out.capacity;
    left -= sizeof(struct head) + size;
    skip = 0;
  }
  return send_parts(parts, count);
}

static void remove_sent(size_t sent) {
  for (sent += out.sent; out.used > 0 && sent >= first_head().size;) {
    sent -= first_head().size;
    remove_first();
  }
  out.sent = (uint32_t)sent;
}

// GELF's chunks: magic, the message's number, the chunk's, how many there are.
static ssize_t send_chunk(size_t from, uint32_t size) {
  enum { PART = CHUNK_SIZE - CHUNK_HEADER };
  uint32_t count = (size + PART - 1) / PART;
  unsigned char header[CHUNK_HEADER] = {0x1e, 0x0f};
  if (count > CHUNKS_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  if (out.sent == 0) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out.chunked = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec << 2 ^ (uint64_t)getpid() << 40;
  }
  memcpy(header + 2, &out.chunked, 8);
  header[10] = (unsigned char)out.sent;
  header[11] = (unsigned char)count;
  uint32_t start = out.sent * PART, length = size - start < PART ? size - start : PART;
  ssize_t sent = send_bytes(from + start, length, header, sizeof header);
  if (sent < 0) return sent;
  out.sent++;
  return out.sent == count ? (ssize_t)size : 0;
}

// Whether the first message is with the receiver, who hasn't said so yet.
static bool awaits_answer(void) {
  return out.settings->acknowledged && out.used > 0 && out.sent > 0 && out.sent == first_head().size;
}

// False when the socket takes no more for now.
static bool send_first(void) {
  struct head head = first_head();
  size_t from = out.at + sizeof head;
  ssize_t sent;
  if (awaits_answer()) return false;
  if (log_address_is_stream()) {
    sent = send_stream();
    if (sent >= 0 && out.settings->acknowledged) out.sent += (uint32_t)sent;
    else if (sent >= 0) remove_sent((size_t)sent);
  } else if (out.settings->framing == FRAMING_GELF && log_address_is_udp() && head.size > CHUNK_SIZE) {
    sent = send_chunk(from, head.size);
    if (sent == 0) return true;
    if (sent > 0) out.sent = head.size;
  } else {
    sent = send_bytes(from, head.size, NULL, 0);
    if (sent >= 0) out.sent = head.size;
  }
  if (sent >= 0) {
    out.progress++;
    out.progress_at = monotonic_ms();
    out.stalled = false;
    if (out.settings->acknowledged) return true;
    out.delay = out.retries = 0;
    if (!log_address_is_stream() && out.sent == head.size) remove_first();
    return true;
  }
  if (errno == EAGAIN || errno == ENOBUFS) return false;
  // UDP: nobody listened to a datagram before this one, or this one is too large. Either is lost for good.
  if (errno == EMSGSIZE || (log_address_is_udp() && errno == ECONNREFUSED)) {
    drop(head.line, errno);
    remove_first();
    return true;
  }
  disconnect(errno);
  return false;
}

// An answer is a map {"ack": id}; the id alone tells enough.
static void take_answer(const char *bytes, size_t length) {
  char id[MESSAGE_ID_SIZE];
  if (!awaits_answer()) return;
  if (answers.used + length > sizeof answers.bytes) answers.used = 0;
  memcpy(answers.bytes + answers.used, bytes, length);
  answers.used += length;
  copy_out(out.at + sizeof(struct head) + out.sent - sizeof id, id, sizeof id);
  if (memmem(answers.bytes, answers.used, id, sizeof id) == NULL) return;
  remove_first();
  answers.used = 0;
  out.delay = out.retries = 0;
  out.progress_at = monotonic_ms();
}

// What others send is of no interest, but that they have gone is.
static void read_answers(void) {
  char answer[256];
  for (;;) {
    ssize_t got = recv(out.fd, answer, sizeof answer, MSG_DONTWAIT);
    if (got > 0) take_answer(answer, (size_t)got);
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    if (got == 0) disconnect(EPIPE);
    else if (errno != EAGAIN) disconnect(errno);
    return;
  }
}

static bool is_over(int64_t since, uint32_t limit) { return limit > 0 && monotonic_ms() - since >= (int64_t)limit; }

void log_socket_flush(void) {
  if (out.fd >= 0 && out.sent == 0 && !out.connecting && is_over(out.connected_at, out.settings->renewal)) {
    leave();
    log_address_renew(out.settings->address);
  }
  if (connected()) {
    if (log_address_is_stream()) read_answers();
    while (out.used > 0 && out.fd >= 0 && send_first()) continue;
  }
  if (out.fd >= 0 && out.used > 0 && is_over(out.progress_at, out.settings->write_timeout)) disconnect(ETIMEDOUT);
}

bool log_socket_empty(void) { return out.used == 0; }

void log_socket_give_up(void) { out.stalled = true; }

void log_socket_discard(void) {
  while (out.used > 0) {
    drop(first_head().line, out.fd >= 0 ? ENOBUFS : out.error);
    remove_first();
  }
}

uint64_t log_socket_progress(void) { return out.progress; }

void log_socket_end(void) {
  if (out.settings->helper == NULL || out.fd < 0 || shutdown(out.fd, SHUT_WR) != 0) return;
  struct pollfd end = {.fd = out.fd, .events = POLLIN};
  while (poll(&end, 1, LAST_WORDS_MS) < 0 && errno == EINTR) continue;
}

void log_socket_poll(struct pollfd *fd) {
  bool wants = out.connecting || (out.used > 0 && !awaits_answer());
  // Datagram sockets have nothing to read, and report what was lost at the next send.
  if (!wants && !log_address_is_stream()) return;
  *fd = (struct pollfd){.fd = out.fd, .events = (short)((wants ? POLLOUT : 0) | (log_address_is_stream() ? POLLIN : 0))};
}

int log_socket_timeout(void) {
  if (out.used == 0 || (out.fd >= 0 && out.settings->write_timeout == 0)) return -1;
  int64_t left = (out.fd >= 0 ? out.progress_at + out.settings->write_timeout : out.next_try) - monotonic_ms();
  return left < 0 ? 0 : (int)left;
}

int log_socket_dropped(uint64_t *bytes) {
  *bytes = out.dropped;
  return out.dropped == 0 ? 0 : out.error;
}
