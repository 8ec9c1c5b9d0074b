/* Writing one layer's entries below a root directory. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { HOLE = 4096 };

struct meta {
  mode_t mode;
  uid_t uid;
  gid_t gid;
  struct timespec times[2];
  char path[PATH_MAX];
  uint16_t xattr_count;
  size_t xattr_size;
  unsigned char xattrs[TREE_XATTR_MAX];
};

/* A directory's time is set at the end, when nothing is put into it any more. */
struct late_time { size_t path; ino_t ino; struct timespec time; };

static struct {
  bool open, overlay;
  int root;
  struct parents *parents;
  struct inode_set own;
  struct late_time *late;
  size_t late_count, late_size;
  char *text;
  size_t text_used, text_size;
  uint64_t index, entries, bytes, refused;
  /* The file that is being written, -1 for none. */
  int file;
  uint64_t size, offset;
  bool hole_at_end;
} layer = {.root = -1, .file = -1};

static struct meta meta;

uint64_t tree_layer_index(void) { return layer.index; }

void tree_layer_drop(void) {
  if (layer.file >= 0) close(layer.file);
  if (layer.root >= 0) close(layer.root);
  tree_parents_free(layer.parents);
  tree_inode_free(&layer.own);
  free(layer.late);
  free(layer.text);
  memset(&layer, 0, sizeof layer);
  layer.root = layer.file = -1;
}

int tree_layer_begin(struct reader *in) {
  tree_layer_drop();
  uint8_t style = frame_u8(in);
  if (!frame_path(in, meta.path) || style > TREE_STYLE_APPLY) return errno = EPROTO, tree_fail("frame", "");
  layer.overlay = style == TREE_STYLE_OVERLAY;
  layer.root = tree_open_root(meta.path);
  if (layer.root < 0) return -1;
  layer.parents = tree_parents_new(layer.root);
  if (layer.parents == NULL) return tree_fail("malloc", "");
  layer.open = true;
  return 0;
}

static int read_path(struct reader *in, char *path, bool may_be_root) {
  if (frame_path(in, path) && tree_path_is_plain(path) && (may_be_root || *path != '\0')) return 0;
  errno = EINVAL;
  return tree_fail("path", "");
}

static int read_meta(struct reader *in, bool may_be_root) {
  meta.mode = frame_u32(in);
  meta.uid = frame_u32(in);
  meta.gid = frame_u32(in);
  meta.times[1].tv_sec = (time_t)frame_u64(in);
  meta.times[1].tv_nsec = (long)frame_u32(in);
  /* The access time says nothing in an image; a fixed one makes trees alike. */
  meta.times[0] = meta.times[1];
  if (read_path(in, meta.path, may_be_root) != 0) return -1;
  meta.xattr_count = frame_u16(in);
  meta.xattr_size = frame_u32(in);
  const unsigned char *bytes = frame_bytes(in, meta.xattr_size);
  if (bytes == NULL || meta.xattr_size > sizeof meta.xattrs || meta.times[1].tv_nsec > 999999999)
    return errno = EPROTO, tree_fail("frame", meta.path);
  memcpy(meta.xattrs, bytes, meta.xattr_size);
  return 0;
}

static int parent(const char *path, const char **name) {
  int fd = tree_parent_of(layer.parents, path, true, name);
  if (fd < 0) return tree_fail("open", path);
  return fd;
}

/* Removes what stands in the way of a new entry. Sets *whiteout when that was the mark of a deletion. */
static int clear_way(int fd, const char *name, bool *whiteout) {
  struct stat status;
  if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", meta.path);
  *whiteout = layer.overlay && tree_is_whiteout(&status);
  if (tree_remove_at(fd, name) != 0) return -1;
  if (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)) tree_parents_forget(layer.parents);
  return 0;
}

/* Attributes that this file system or the kernel refuse are counted and left out, as other engines do. */
static int set_xattrs(int fd) {
  struct reader in = {meta.xattrs, meta.xattrs + meta.xattr_size, false};
  for (uint16_t i = 0; i < meta.xattr_count; i++) {
    char name[TREE_XATTR_NAME_MAX + 1];
    size_t length = frame_u16(&in);
    const unsigned char *bytes = frame_bytes(&in, length);
    size_t size = frame_u32(&in);
    const unsigned char *value = frame_bytes(&in, size);
    if (bytes == NULL || value == NULL || length > TREE_XATTR_NAME_MAX) return errno = EPROTO, tree_fail("frame", meta.path);
    memcpy(name, bytes, length);
    name[length] = '\0';
    if (fsetxattr(fd, name, value, size, 0) == 0) continue;
    if (errno != ENOTSUP && errno != EPERM && errno != EINVAL) return tree_fail("setxattr", meta.path);
    layer.refused++;
  }
  return 0;
}

/* Owner before mode before attributes: a change of owner clears set-id bits and capabilities. */
static int set_attributes(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return tree_fail("stat", meta.path);
  if (tree_inode_add(&layer.own, status.st_dev, status.st_ino) < 0) return tree_fail("malloc", "");
  bool chowned = status.st_uid != meta.uid || status.st_gid != meta.gid;
  if (chowned && fchown(fd, meta.uid, meta.gid) != 0) return tree_fail("chown", meta.path);
  if ((chowned || (status.st_mode & 07777) != (meta.mode & 07777)) && fchmod(fd, meta.mode & 07777) != 0)
    return tree_fail("chmod", meta.path);
  return meta.xattr_count > 0 ? set_xattrs(fd) : 0;
}

/* The same for what can't be opened: symbolic links (which have no mode) and special files. */
static int set_attributes_at(int fd, const char *name) {
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

static int remember_time(ino_t ino) {
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

static int make_opaque(int fd) {
  if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) != 0) return tree_fail("setxattr", meta.path);
  return 0;
}

static int finish_directory(int fd, bool opaque) {
  struct stat status;
  if (fstat(fd, &status) != 0) return tree_fail("stat", meta.path);
  if (opaque && make_opaque(fd) != 0) return -1;
  if (set_attributes(fd) != 0) return -1;
  return remember_time(status.st_ino);
}

static int put_directory(void) {
  if (*meta.path == '\0') return finish_directory(layer.root, false);
  const char *name;
  bool whiteout = false;
  int fd = parent(meta.path, &name);
  if (fd < 0) return -1;
  if (mkdirat(fd, name, meta.mode & 0777) != 0) {
    struct stat status;
    if (errno != EEXIST) return tree_fail("mkdir", meta.path);
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", meta.path);
    if (!S_ISDIR(status.st_mode)) {
      if (clear_way(fd, name, &whiteout) != 0) return -1;
      fd = parent(meta.path, &name);
      if (fd < 0) return -1;
      if (mkdirat(fd, name, meta.mode & 0777) != 0) return tree_fail("mkdir", meta.path);
    }
  }
  int own = tree_open_child(fd, name);
  if (own < 0) return tree_fail("open", meta.path);
  /* What was deleted and is here again must not show what lies below. */
  int result = finish_directory(own, whiteout);
  close(own);
  return result;
}

static int finish_file(void) {
  if (layer.hole_at_end && ftruncate(layer.file, (off_t)layer.size) != 0) return tree_fail("truncate", meta.path);
  if (set_attributes(layer.file) != 0) return -1;
  if (futimens(layer.file, meta.times) != 0) return tree_fail("utimens", meta.path);
  int fd = layer.file;
  layer.file = -1;
  /* A full disk may show only now. */
  return close(fd) == 0 ? 0 : tree_fail("close", meta.path);
}

static int put_file(struct reader *in) {
  const char *name;
  bool whiteout;
  layer.size = frame_u64(in);
  layer.offset = 0;
  layer.hole_at_end = false;
  if (layer.size > INT64_MAX) return errno = EFBIG, tree_fail("frame", meta.path);
  int fd = parent(meta.path, &name);
  if (fd < 0) return -1;
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  layer.file = openat(fd, name, flags, meta.mode & 0777);
  if (layer.file < 0 && errno == EEXIST) {
    if (clear_way(fd, name, &whiteout) != 0) return -1;
    fd = parent(meta.path, &name);
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

static int put_hole(uint64_t length) {
  if (layer.file < 0 || length > layer.size - layer.offset) return errno = EPROTO, tree_fail("frame", meta.path);
  layer.offset += length;
  layer.hole_at_end = layer.hole_at_end || length > 0;
  return layer.offset == layer.size ? finish_file() : 0;
}

static int put_symlink(struct reader *in) {
  char target[PATH_MAX];
  const char *name;
  bool whiteout;
  if (!frame_path(in, target)) return errno = ENAMETOOLONG, tree_fail("symlink", meta.path);
  int fd = parent(meta.path, &name);
  if (fd < 0) return -1;
  if (symlinkat(target, fd, name) != 0) {
    if (errno != EEXIST) return tree_fail("symlink", meta.path);
    if (clear_way(fd, name, &whiteout) != 0) return -1;
    fd = parent(meta.path, &name);
    if (fd < 0) return -1;
    if (symlinkat(target, fd, name) != 0) return tree_fail("symlink", meta.path);
  }
  return set_attributes_at(fd, name);
}

static int put_hard_link(struct reader *in) {
  char target[PATH_MAX];
  const char *name, *target_name;
  struct stat old, new;
  bool whiteout;
  if (read_path(in, meta.path, false) != 0 || read_path(in, target, false) != 0) return -1;
  /* The target's parent may push ours out of the cache, hence a copy. */
  int from = tree_parent_of(layer.parents, target, false, &target_name);
  if (from < 0 || (from = fcntl(from, F_DUPFD_CLOEXEC, 0)) < 0) return tree_fail("open", target);
  int result = -1, fd = parent(meta.path, &name);
  if (fd < 0) goto done;
  if (fstatat(from, target_name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
    tree_fail("link", target);
    goto done;
  }
  result = linkat(from, target_name, fd, name, 0);
  if (result != 0 && errno == EEXIST) {
    if (fstatat(fd, name, &new, AT_SYMLINK_NOFOLLOW) == 0 && new.st_ino == old.st_ino && new.st_dev == old.st_dev) {
      result = 0;
      goto done;
    }
    if (clear_way(fd, name, &whiteout) != 0 || (fd = parent(meta.path, &name)) < 0) goto done;
    result = linkat(from, target_name, fd, name, 0);
  }
  if (result != 0) tree_fail("link", meta.path);
  /* A name given in this layer makes the file this layer's: a whiteout for the layer below spares it. */
  else if (tree_inode_add(&layer.own, old.st_dev, old.st_ino) < 0) result = tree_fail("malloc", "");
done:
  close(from);
  return result;
}

static int put_node(struct reader *in) {
  const char *name;
  bool whiteout;
  uint32_t major = frame_u32(in), minor = frame_u32(in);
  dev_t device = makedev(major, minor);
  int fd = parent(meta.path, &name);
  if (fd < 0) return -1;
  if (mknodat(fd, name, meta.mode, device) != 0) {
    if (errno != EEXIST) return tree_fail("mknod", meta.path);
    if (clear_way(fd, name, &whiteout) != 0) return -1;
    fd = parent(meta.path, &name);
    if (fd < 0) return -1;
    if (mknodat(fd, name, meta.mode, device) != 0) return tree_fail("mknod", meta.path);
  }
  return set_attributes_at(fd, name);
}

/* Deletes what lower layers have under a name, and nothing that this layer has put there. */
static int put_whiteout(void) {
  const char *name;
  struct stat status;
  int fd = layer.overlay ? parent(meta.path, &name) : tree_parent_of(layer.parents, meta.path, false, &name);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : tree_fail("open", meta.path);
  bool there = fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && errno != ENOENT) return tree_fail("stat", meta.path);
  if (layer.overlay && !there) {
    if (mknodat(fd, name, S_IFCHR, makedev(0, 0)) != 0) return tree_fail("mknod", meta.path);
    return 0;
  }
  if (!there) return 0;
  bool own = tree_inode_has(&layer.own, status.st_dev, status.st_ino);
  if (!S_ISDIR(status.st_mode)) {
    if (layer.overlay || own) return 0;
    int result = tree_remove_at(fd, name);
    if (S_ISLNK(status.st_mode)) tree_parents_forget(layer.parents);
    return result;
  }
  int directory = tree_open_child(fd, name);
  if (directory < 0) return tree_fail("open", meta.path);
  int result = layer.overlay ? make_opaque(directory) : tree_prune_at(directory, &layer.own);
  close(directory);
  if (result == 0 && !layer.overlay && !own && unlinkat(fd, name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    result = tree_fail("rmdir", meta.path);
  if (!layer.overlay) tree_parents_forget(layer.parents);
  return result;
}

static int put_opaque(void) {
  const char *name;
  if (*meta.path == '\0') return layer.overlay ? make_opaque(layer.root) : tree_prune_at(layer.root, &layer.own);
  int fd = parent(meta.path, &name);
  if (fd < 0) return -1;
  bool made = mkdirat(fd, name, 0755) == 0;
  if (!made && errno != EEXIST) return tree_fail("mkdir", meta.path);
  int directory = tree_open_child(fd, name);
  if (directory < 0) return tree_fail("open", meta.path);
  int result = 0;
  if (layer.overlay) result = make_opaque(directory);
  else if (!made) result = tree_prune_at(directory, &layer.own);
  close(directory);
  if (!layer.overlay) tree_parents_forget(layer.parents);
  return result;
}

int tree_layer_op(uint8_t op, struct reader *in) {
  if (!layer.open) return errno = EPROTO, tree_fail("frame", "");
  if (op == TREE_HOLE) return put_hole(frame_u64(in));
  layer.index++;
  if (layer.file >= 0) return errno = EPROTO, tree_fail("frame", meta.path);
  int result = 0;
  switch (op) {
    case TREE_DIRECTORY: result = read_meta(in, true) == 0 ? put_directory() : -1; break;
    case TREE_FILE: result = read_meta(in, false) == 0 ? put_file(in) : -1; break;
    case TREE_SYMLINK: result = read_meta(in, false) == 0 ? put_symlink(in) : -1; break;
    case TREE_NODE: result = read_meta(in, false) == 0 ? put_node(in) : -1; break;
    case TREE_HARD_LINK: result = put_hard_link(in); break;
    case TREE_WHITEOUT: result = read_path(in, meta.path, false) == 0 ? put_whiteout() : -1; break;
    case TREE_OPAQUE: result = read_path(in, meta.path, true) == 0 ? put_opaque() : -1; break;
    default: return errno = EPROTO, tree_fail("frame", "");
  }
  layer.entries++;
  return result;
}

static int set_late_times(void) {
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

int tree_layer_end(bool sync) {
  if (!layer.open || layer.file >= 0) return errno = EPROTO, tree_fail("frame", meta.path);
  if (set_late_times() != 0) return -1;
  return sync && syncfs(layer.root) != 0 ? tree_fail("syncfs", "") : 0;
}

void tree_layer_reply(void) {
  reply_u64(layer.entries);
  reply_u64(layer.bytes);
  reply_u64(layer.refused);
}
