#include "log.h"

#include <string.h>
#include <time.h>

#include "util.h"

// Docker's: a longer line is written in parts of this size, of which the last one alone has the newline.
enum { LINE_MAX_BYTES = 16 * 1024 };

static const struct log_settings *file, *remote;  // NULL: none

static struct partial {
  char bytes[LINE_MAX_BYTES];
  size_t used;
  bool continued;        // parts of this line were written
  struct timespec time;  // of its first part
} partials[STREAMS];

// What of the last batch a socket has had no room for yet.
static struct { enum stream stream; const char *bytes; size_t length; } rest;

const char *const stream_names[] = {"stdout", "stderr"};

int log_open(const struct log_settings *wanted_file, const struct log_settings *wanted_socket) {
  if (wanted_file->path != NULL && log_file_open(wanted_file) != 0) return -1;
  if (wanted_socket->address != NULL && log_socket_open(wanted_socket) != 0) return -1;
  if (wanted_file->path != NULL) file = wanted_file;
  if (wanted_socket->address != NULL) remote = wanted_socket;
  return 0;
}

static bool put_line(struct log_line *line) {
  static struct timespec formatted;
  static char text[TIME_SIZE];
  if (text[0] == '\0' || formatted.tv_sec != line->time.tv_sec || formatted.tv_nsec != line->time.tv_nsec) {
    formatted = line->time;
    format_time(&formatted, text);
  }
  memcpy(line->text_time, text, TIME_SIZE);
  // A line that waits for the socket comes again, and is in the file once.
  if (remote != NULL && !log_socket_line(line)) return false;
  if (file != NULL) log_file_line(line);
  return true;
}

// False when there is no room: nothing has changed then.
static bool finish_part(enum stream stream, const char *bytes, size_t length, bool whole, struct timespec now) {
  struct partial *partial = &partials[stream];
  // All parts of a line have the time of the first.
  struct log_line line = {.stream = stream, .bytes = bytes, .length = length, .whole = whole,
                          .time = partial->continued ? partial->time : now};
  if (partial->used > 0) {
    memcpy(partial->bytes + partial->used, bytes, length);
    line.bytes = partial->bytes;
    line.length += partial->used;
  }
  if (!put_line(&line)) return false;
  partial->used = 0;
  partial->time = line.time;
  partial->continued = !whole;
  return true;
}

static void flush(void) {
  if (file != NULL) log_file_flush();
  if (remote != NULL) log_socket_flush();
}

void log_write(enum stream stream, const char *bytes, size_t length) {
  if (file == NULL && remote == NULL) return;
  struct partial *partial = &partials[stream];
  rest.length = 0;
  // One look at the clock a batch.
  struct timespec now;
  if (file != NULL && file->framing == FRAMING_RAW) {
    log_file_raw(bytes, length);
    length = 0;
  } else {
    clock_gettime(CLOCK_REALTIME, &now);
  }
  while (length > 0) {
    size_t room = LINE_MAX_BYTES - partial->used, part = length < room ? length : room;
    const char *end = memchr(bytes, '\n', part);
    bool done = true;
    if (end != NULL) {
      part = (size_t)(end - bytes);
      done = finish_part(stream, bytes, part, true, now);
      part++;
    } else if (part == room) {
      done = finish_part(stream, bytes, part, false, now);
    } else {
      memcpy(partial->bytes + partial->used, bytes, part);
      partial->used += part;
    }
    if (!done) {
      rest.stream = stream;
      rest.bytes = bytes;
      rest.length = length;
      break;
    }
    bytes += part;
    length -= part;
  }
  flush();
}

bool log_blocked(void) { return rest.length > 0; }

static void write_rest(void) {
  if (rest.length > 0) log_write(rest.stream, rest.bytes, rest.length);
}

void log_end(enum stream stream) {
  struct partial *partial = &partials[stream];
  if ((file != NULL || remote != NULL) && partial->used > 0) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    while (!finish_part(stream, partial->bytes, 0, false, now)) log_wait();
    flush();
  }
  partial->used = 0;
  partial->continued = false;
}

void log_poll(struct pollfd *fd) {
  *fd = (struct pollfd){.fd = -1};
  if (remote != NULL) log_socket_poll(fd);
}

int log_timeout(void) { return remote != NULL ? log_socket_timeout() : -1; }

void log_handle(void) {
  if (remote == NULL) return;
  log_socket_flush();
  write_rest();
}

// Until `done`, or nothing has been taken for PATIENCE_MS.
static void wait_until(bool (*done)(void)) {
  enum { PATIENCE_MS = 2000 };
  uint64_t progress = log_socket_progress();
  for (int64_t until = monotonic_ms() + PATIENCE_MS; !done();) {
    struct pollfd fd;
    int64_t left = until - monotonic_ms();
    int timeout = log_timeout();
    log_poll(&fd);
    if (timeout < 0 || timeout > left) timeout = left < 0 ? 0 : (int)left;
    poll(&fd, 1, timeout);
    log_handle();
    if (log_socket_progress() != progress) {
      progress = log_socket_progress();
      until = monotonic_ms() + PATIENCE_MS;
    } else if (monotonic_ms() >= until) {
      log_socket_give_up();
      write_rest();
      return;
    }
  }
}

static bool has_room(void) { return !log_blocked() && !log_socket_full(); }

void log_wait(void) {
  if (remote != NULL) wait_until(has_room);
}

void log_close(void) {
  if (remote == NULL) return;
  wait_until(log_socket_empty);
  log_socket_discard();
  log_socket_end();
}

int log_dropped(uint64_t *bytes) {
  uint64_t unwritten = 0, unsent = 0;
  int file_error = file != NULL ? log_file_dropped(&unwritten) : 0;
  int socket_error = remote != NULL ? log_socket_dropped(&unsent) : 0;
  *bytes = unwritten + unsent;
  return socket_error != 0 ? socket_error : file_error;
}
