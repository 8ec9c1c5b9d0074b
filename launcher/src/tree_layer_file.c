/* Files of a layer, and what is in them. */
#include "tree_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOLE = 4096 };

static int finish_file(void) {
  if (layer.hole_at_end && ftruncate(layer.file, (off_t)layer.size) != 0) return tree_fail("truncate", meta.path);
  if (layer_set_attributes(layer.file) != 0) return -1;
  if (futimens(layer.file, meta.times) != 0) return tree_fail("utimens", meta.path);
  int fd = layer.file;
  layer.file = -1;
  /* A full disk may show only now. */
  return close(fd) == 0 ? 0 : tree_fail("close", meta.path);
}

int layer_put_file(struct reader *in) {
  const char *name;
  bool whiteout;
  layer.size = frame_u64(in);
  layer.offset = 0;
  layer.hole_at_end = false;
  if (layer.size > INT64_MAX) return errno = EFBIG, tree_fail("frame", meta.path);
  int fd = layer_parent(meta.path, &name);
  if (fd < 0) return -1;
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  layer.file = openat(fd, name, flags, meta.mode & 0777);
  if (layer.file < 0 && errno == EEXIST) {
    if (layer_clear_way(fd, name, &whiteout) != 0) return -1;
    fd = layer_parent(meta.path, &name);
    if (fd < 0) return -1;
    layer.file = openat(fd, name, flags, meta.mode & 0777);
  }
  if (layer.file < 0) return tree_fail("open", meta.path);
  return layer.size == 0 ? finish_file() : 0;
}

static int write_run(const unsigned char *bytes, size_t length, uint64_t offset) {
  layer.bytes += length;
  while (length > 0) {
    ssize_t put = pwrite(layer.file, bytes, length, (off_t)offset);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return tree_fail("write", meta.path);
    bytes += put;
    length -= (size_t)put;
    offset += (uint64_t)put;
  }
  layer.hole_at_end = false;
  return 0;
}

static bool is_zero(const unsigned char *bytes, size_t length) {
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

int tree_layer_data(const unsigned char *bytes, size_t length) {
  if (layer.file < 0 || length > layer.size - layer.offset) return errno = EPROTO, tree_fail("frame", meta.path);
  size_t run = 0;
  for (size_t at = 0; at < length;) {
    uint64_t offset = layer.offset + at;
    size_t step = HOLE - (size_t)(offset % HOLE);
    if (step > length - at) step = length - at;
    /* The file is new, so zeros left out are there all the same; a block that is nothing else becomes a hole. */
    if (is_zero(bytes + at, step)) {
      if (at > run && write_run(bytes + run, at - run, layer.offset + run) != 0) return -1;
      run = at + step;
      layer.hole_at_end = true;
    }
    at += step;
  }
  if (length > run && write_run(bytes + run, length - run, layer.offset + run) != 0) return -1;
  layer.offset += length;
  return layer.offset == layer.size ? finish_file() : 0;
}

int layer_put_hole(uint64_t length) {
  if (layer.file < 0 || length > layer.size - layer.offset) return errno = EPROTO, tree_fail("frame", meta.path);
  layer.offset += length;
  layer.hole_at_end = layer.hole_at_end || length > 0;
  return layer.offset == layer.size ? finish_file() : 0;
}
