/* The attributes of what a layer puts there: owners, modes, times, extended attributes. */
#include "tree_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Attributes that this file system or the kernel refuse are counted and left out, as other engines do. */
static int set_xattrs(int fd) {
  struct reader in = {meta.xattrs, meta.xattrs + meta.xattr_size, false};
  for (uint16_t i = 0; i < meta.xattr_count; i++) {
    char name[TREE_XATTR_NAME_MAX + 1];
    size_t length = frame_u16(&in);
    const unsigned char *bytes = frame_bytes(&in, length);
    size_t size = frame_u32(&in);
    unsigned char *value = (unsigned char *)frame_bytes(&in, size);
    if (bytes == NULL || value == NULL || length > TREE_XATTR_NAME_MAX) return errno = EPROTO, tree_fail("frame", meta.path);
    memcpy(name, bytes, length);
    name[length] = '\0';
    if (tree_xattr_outside(name, value, size, meta.path) != 0) return -1;
    if (fsetxattr(fd, name, value, size, 0) == 0) continue;
    if (errno != ENOTSUP && errno != EPERM && errno != EINVAL) return tree_fail("setxattr", meta.path);
    layer.refused++;
  }
  return 0;
}

/* Owner before mode before attributes: a change of owner clears set-id bits and capabilities. */
int layer_set_attributes(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return tree_fail("stat", meta.path);
  if (tree_inode_add(&layer.own, status.st_dev, status.st_ino) < 0) return tree_fail("malloc", "");
  bool chowned = status.st_uid != meta.uid || status.st_gid != meta.gid;
  if (chowned && fchown(fd, meta.uid, meta.gid) != 0) return tree_fail("chown", meta.path);
  if ((chowned || (status.st_mode & 07777) != (meta.mode & 07777)) && fchmod(fd, meta.mode & 07777) != 0)
    return tree_fail("chmod", meta.path);
  return meta.xattr_count > 0 ? set_xattrs(fd) : 0;
}

int layer_set_attributes_at(int fd, const char *name) {
  struct stat status;
  if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", meta.path);
  if (tree_inode_add(&layer.own, status.st_dev, status.st_ino) < 0) return tree_fail("malloc", "");
  bool chowned = status.st_uid != meta.uid || status.st_gid != meta.gid;
  if (chowned && fchownat(fd, name, meta.uid, meta.gid, AT_SYMLINK_NOFOLLOW) != 0)
    return tree_fail("chown", meta.path);
  bool moded = !S_ISLNK(status.st_mode) && (chowned || (status.st_mode & 07777) != (meta.mode & 07777));
  if (moded && fchmodat(fd, name, meta.mode & 07777, 0) != 0) return tree_fail("chmod", meta.path);
  if (utimensat(fd, name, meta.times, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("utimens", meta.path);
  return 0;
}

int layer_remember_time(ino_t ino) {
  size_t length = strlen(meta.path) + 1;
  if (layer.late_count == layer.late_size) {
    size_t size = layer.late_size * 2 + 256;
    struct late_time *late = realloc(layer.late, size * sizeof *late);
    if (late == NULL) return tree_fail("malloc", "");
    layer.late = late;
    layer.late_size = size;
  }
  if (layer.text_used + length > layer.text_size) {
    size_t size = layer.text_size * 2 + PATH_MAX;
    char *text = realloc(layer.text, size);
    if (text == NULL) return tree_fail("malloc", "");
    layer.text = text;
    layer.text_size = size;
  }
  memcpy(layer.text + layer.text_used, meta.path, length);
  layer.late[layer.late_count++] = (struct late_time){layer.text_used, ino, meta.times[1]};
  layer.text_used += length;
  return 0;
}

int layer_set_late_times(void) {
  for (size_t i = 0; i < layer.late_count; i++) {
    const struct late_time *late = &layer.late[i];
    const char *path = layer.text + late->path, *name;
    struct timespec times[2] = {late->time, late->time};
    struct stat status;
    if (*path == '\0') {
      if (futimens(layer.root, times) != 0) return tree_fail("utimens", "");
      continue;
    }
    int fd = tree_parent_of(layer.parents, path, false, &name);
    /* A later entry may have put something else in its place, or in its parents'. */
    if (fd < 0 || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_ino != late->ino) continue;
    if (utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("utimens", path);
  }
  return 0;
}
