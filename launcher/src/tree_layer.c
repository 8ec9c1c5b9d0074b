/* Writing one layer's entries below a root directory. */
#include "tree_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct layer layer = {.root = -1, .file = -1};
struct meta meta;

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

int layer_read_path(struct reader *in, char *path, bool may_be_root) {
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
  if (layer_read_path(in, meta.path, may_be_root) != 0) return -1;
  meta.xattr_count = frame_u16(in);
  meta.xattr_size = frame_u32(in);
  const unsigned char *bytes = frame_bytes(in, meta.xattr_size);
  if (bytes == NULL || meta.xattr_size > sizeof meta.xattrs || meta.times[1].tv_nsec > 999999999)
    return errno = EPROTO, tree_fail("frame", meta.path);
  memcpy(meta.xattrs, bytes, meta.xattr_size);
  return tree_owner_outside(&meta.uid, &meta.gid, meta.path);
}

int layer_parent(const char *path, const char **name) {
  int fd = tree_parent_of(layer.parents, path, true, name);
  if (fd < 0) return tree_fail("open", path);
  return fd;
}

int tree_layer_op(uint8_t op, struct reader *in) {
  if (!layer.open) return errno = EPROTO, tree_fail("frame", "");
  if (op == TREE_HOLE) return layer_put_hole(frame_u64(in));
  layer.index++;
  if (layer.file >= 0) return errno = EPROTO, tree_fail("frame", meta.path);
  int result = 0;
  switch (op) {
    case TREE_DIRECTORY: result = read_meta(in, true) == 0 ? layer_put_directory() : -1; break;
    case TREE_FILE: result = read_meta(in, false) == 0 ? layer_put_file(in) : -1; break;
    case TREE_SYMLINK: result = read_meta(in, false) == 0 ? layer_put_symlink(in) : -1; break;
    case TREE_NODE: result = read_meta(in, false) == 0 ? layer_put_node(in) : -1; break;
    case TREE_HARD_LINK: result = layer_put_hard_link(in); break;
    case TREE_WHITEOUT: result = layer_read_path(in, meta.path, false) == 0 ? layer_put_whiteout() : -1; break;
    case TREE_OPAQUE: result = layer_read_path(in, meta.path, true) == 0 ? layer_put_opaque() : -1; break;
    default: return errno = EPROTO, tree_fail("frame", "");
  }
  layer.entries++;
  return result;
}

int tree_layer_end(bool sync) {
  if (!layer.open || layer.file >= 0) return errno = EPROTO, tree_fail("frame", meta.path);
  if (layer_set_late_times() != 0) return -1;
  return sync && syncfs(layer.root) != 0 ? tree_fail("syncfs", "") : 0;
}

void tree_layer_reply(void) {
  reply_u64(layer.entries);
  reply_u64(layer.bytes);
  reply_u64(layer.refused);
}
