#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

enum { BATCH_SIZE = 32 * 1024 };

static struct {
  const struct log_settings *settings;
  int fd, directory;
  const char *name;
  // Bytes in the file; those of them that are whole lines.
  uint64_t size, whole;
  int error;
  uint64_t dropped;
  bool skipping;  // the rest of a line of which a part was dropped
  pid_t packer;   // packs the file that was rotated last; 0 for none
} log_file = {.fd = -1, .directory = -1};

static char batch[BATCH_SIZE];
static size_t batched, batched_whole;  // bytes; of them those up to the end of a line

static int open_file(const char *name, int flags) {
  return openat(log_file.directory, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
}

// Where the lines end that are whole: a monitor that was killed, or a machine that went down, may have left half of one.
static uint64_t whole_lines(uint64_t size) {
  char last[64];
  for (uint64_t at = size; at > 0;) {
    size_t length = at < sizeof last ? at : sizeof last;
    if (pread(log_file.fd, last, length, (off_t)(at - length)) != (ssize_t)length) return size;
    const char *end = memrchr(last, '\n', length);
    if (end != NULL) return at - length + (uint64_t)(end - last) + 1;
    at -= length;
  }
  return 0;
}

static uint64_t size_at(uint64_t at) {
  unsigned char b[4];
  if (pread(log_file.fd, b, sizeof b, (off_t)at) != (ssize_t)sizeof b) return UINT64_MAX;
  return (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];
}

// The same of records between two sizes. One look at the last one mostly suffices.
static uint64_t whole_records(uint64_t size) {
  uint64_t last = size_at(size - 4), at = 0;
  if (size >= 8 && last <= size - 8 && size_at(size - 8 - last) == last) return size;
  while (at + 8 <= size) {
    uint64_t length = size_at(at);
    if (length > size - at - 8 || size_at(at + 4 + length) != length) break;
    at += length + 8;
  }
  return at;
}

static int mend(void) {
  struct stat about;
  if (fstat(log_file.fd, &about) != 0) return -1;
  uint64_t size = (uint64_t)about.st_size;
  log_file.size = log_file.whole = size;
  if (size == 0 || log_file.settings->framing == FRAMING_RAW) return 0;
  log_file.whole = log_file.settings->framing == FRAMING_BINARY ? whole_records(size) : whole_lines(size);
  if (log_file.whole < size && ftruncate(log_file.fd, (off_t)log_file.whole) == 0) log_file.size = log_file.whole;
  return 0;
}

int log_file_open(const struct log_settings *settings) {
  log_file.settings = settings;
  const char *slash = strrchr(settings->path, '/');
  char directory[PATH_MAX];
  if (slash == NULL || (size_t)(slash - settings->path) >= sizeof directory) {
    errno = EINVAL;
    return fail(settings->path);
  }
  memcpy(directory, settings->path, (size_t)(slash - settings->path) + 1);
  directory[slash - settings->path + 1] = '\0';
  log_file.name = slash + 1;
  log_file.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (log_file.directory < 0) return fail(settings->path);
  log_file.fd = open_file(log_file.name, 0);
  return log_file.fd < 0 || mend() != 0 ? fail(settings->path) : 0;
}

static void flush(void) {
  uint64_t before = log_file.size;
  size_t at = 0;
  while (at < batched && !log_file.skipping) {
    ssize_t put = write(log_file.fd, batch + at, batched - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      // The disk is full, most likely. What fits no more is dropped, a torn line taken back; the container goes on.
      log_file.error = errno;
      log_file.skipping = true;
      if (at >= batched_whole && batched_whole > 0) log_file.whole = before + batched_whole;
      // With the beginning of a torn line that is taken back.
      log_file.dropped += before + at - log_file.whole;
      if (ftruncate(log_file.fd, (off_t)log_file.whole) == 0) log_file.size = log_file.whole;
      break;
    }
    at += (size_t)put;
    log_file.size += (uint64_t)put;
  }
  log_file.dropped += batched - at;
  if (!log_file.skipping && batched_whole > 0) log_file.whole = before + batched_whole;
  batched = batched_whole = 0;
}

static void put(const char *bytes, size_t length) {
  while (length > 0 && !log_file.skipping) {
    size_t part = sizeof batch - batched < length ? sizeof batch - batched : length;
    memcpy(batch + batched, bytes, part);
    batched += part;
    bytes += part;
    length -= part;
    if (batched == sizeof batch) flush();
  }
  log_file.dropped += length;
}

static void file_name(char name[NAME_MAX + 16], unsigned index, bool packed) {
  char number[16] = "";
  if (index > 0) snprintf(number, sizeof number, ".%u", index);
  snprintf(name, NAME_MAX + 16, "%.240s%s%s", log_file.name, number, packed ? ".gz" : "");
}

// One file is packed at a time: a container that logs faster than that waits, so its disk stays bounded.
static void await_packer(void) {
  while (log_file.packer > 0 && waitpid(log_file.packer, NULL, 0) < 0 && errno == EINTR) continue;
  log_file.packer = 0;
}

static void start_packer(void) {
  char from[NAME_MAX + 16], to[NAME_MAX + 16];
  file_name(from, 1, false);
  file_name(to, 1, true);
  log_file.packer = fork();
  if (log_file.packer < 0) {
    // It stays as it is; readers take either.
    log_file.error = errno;
    log_file.packer = 0;
  }
  if (log_file.packer != 0) return;
  // Neither the monitor's lock nor the container's streams may outlive it in here.
  int directory = log_file.directory;
  if (directory != 3) directory = dup3(directory, 3, O_CLOEXEC);
  if (directory != 3 || syscall(SYS_close_range, 4, ~0u, 0) != 0) _exit(1);
  _exit(gzip_file(directory, from, to) == 0 ? 0 : 1);
}

// name.1 is the newest of the old ones, as Docker has them. The new file is there before the old ones move on: without it, nothing
// does. It is another one also where only one is kept, so that who follows it reads the old one to its end.
static void rotate(void) {
  char from[NAME_MAX + 16], to[NAME_MAX + 16], made[NAME_MAX + 16];
  unsigned files = log_file.settings->max_files;
  await_packer();
  snprintf(made, sizeof made, "%.250s~", log_file.name);
  int fresh = open_file(made, O_TRUNC);
  if (fresh < 0) {
    log_file.error = errno;
    return;
  }
  for (unsigned i = files - 1; i >= 1; i--) {
    for (int packed = 0; packed < 2; packed++) {
      file_name(to, i, packed);
      file_name(from, i - 1, packed);
      if (i == files - 1 && unlinkat(log_file.directory, to, 0) != 0 && errno != ENOENT) log_file.error = errno;
      if (i == 1 && packed) continue;
      if (renameat(log_file.directory, from, log_file.directory, to) != 0 && errno != ENOENT) log_file.error = errno;
    }
  }
  if (renameat(log_file.directory, made, log_file.directory, log_file.name) != 0) log_file.error = errno;
  close(log_file.fd);
  log_file.fd = fresh;
  log_file.size = log_file.whole = 0;
  if (log_file.settings->compress && files > 1) start_packer();
}

static void begin_line(void) {
  const struct log_settings *settings = log_file.settings;
  if (settings->max_size != 0 && log_file.size + batched >= settings->max_size) {
    flush();
    if (log_file.size >= settings->max_size) rotate();
  }
}

static void end_line(void) {
  batched_whole = batched;
  if (batched == 0 && !log_file.skipping) log_file.whole = log_file.size;
  log_file.skipping = false;
}

void log_file_raw(const char *bytes, size_t length) {
  begin_line();
  put(bytes, length);
  end_line();
}

void log_file_line(const struct log_line *line) {
  begin_line();
  log_frame(log_file.settings, line, put);
  end_line();
}

void log_file_flush(void) {
  flush();
  log_file.skipping = false;
}

int log_file_dropped(uint64_t *bytes) {
  *bytes = log_file.dropped;
  return log_file.error;
}
