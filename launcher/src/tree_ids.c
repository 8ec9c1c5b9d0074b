/* Owners as a container has them whose ids are not those of the namespace that the worker is in. */
#include "tree.h"

#include <errno.h>
#include <string.h>

#include "util.h"

/* The kernel takes no more lines in an id map, of which a container's is one. */
enum { MAX_EXTENTS = 340, NOBODY = 65534 };

struct extent { uint32_t inside, outside, count; };
struct map { struct extent extents[MAX_EXTENTS]; uint32_t count; };

static struct map uids, gids;

static int read_map(struct map *map, struct reader *in) {
  map->count = 0;
  uint32_t count = frame_u32(in);
  if (count > MAX_EXTENTS) return errno = EPROTO, tree_fail("frame", "");
  for (uint32_t i = 0; i < count; i++) map->extents[i] = (struct extent){frame_u32(in), frame_u32(in), frame_u32(in)};
  if (in->short_frame) return errno = EPROTO, tree_fail("frame", "");
  map->count = count;
  return 0;
}

/* As stat(2) has it for an id that a namespace lacks (user_namespaces(7)). */
static uint32_t inside(const struct map *map, uint32_t id) {
  if (map->count == 0) return id;
  for (uint32_t i = 0; i < map->count; i++) {
    const struct extent *extent = &map->extents[i];
    if (id >= extent->outside && id - extent->outside < extent->count) return extent->inside + (id - extent->outside);
  }
  return NOBODY;
}

static bool outside(const struct map *map, uint32_t *id) {
  if (map->count == 0) return true;
  for (uint32_t i = 0; i < map->count; i++) {
    const struct extent *extent = &map->extents[i];
    if (*id < extent->inside || *id - extent->inside >= extent->count) continue;
    *id = extent->outside + (*id - extent->inside);
    return true;
  }
  errno = EOVERFLOW;
  return false;
}

uid_t tree_uid_inside(uid_t uid) { return inside(&uids, uid); }

gid_t tree_gid_inside(gid_t gid) { return inside(&gids, gid); }

int tree_owner_outside(uid_t *uid, gid_t *gid, const char *path) {
  return outside(&uids, uid) && outside(&gids, gid) ? 0 : tree_fail("owner", path);
}

int tree_ids_set(struct reader *in) {
  if (read_map(&uids, in) != 0 || read_map(&gids, in) != 0) return -1;
  /* Directories that are made on the way are the container's root's. */
  uint32_t uid = 0, gid = 0;
  if (!outside(&uids, &uid) || !outside(&gids, &gid)) return 0;
  return own_files_as(uid, gid) == 0 ? 0 : tree_fail("setfsuid", "");
}

static uint32_t number(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* linux/posix_acl_xattr.h: a version, then entries of tag, permissions and id, of which two kinds name one. */
static int map_acl(unsigned char *value, size_t size, bool out) {
  enum { HEAD = 4, ENTRY = 8, USER = 2, GROUP = 8 };
  for (size_t at = HEAD; at + ENTRY <= size; at += ENTRY) {
    const struct map *map = value[at] == USER ? &uids : value[at] == GROUP ? &gids : NULL;
    if (map == NULL) continue;
    uint32_t id = number(value + at + 4);
    if (!out) id = inside(map, id);
    else if (!outside(map, &id)) return -1;
    for (int i = 0; i < 4; i++) value[at + 4 + i] = (unsigned char)(id >> (8 * i));
  }
  return 0;
}

static bool is_acl(const char *name) { return strncmp(name, "system.posix_acl_", strlen("system.posix_acl_")) == 0; }

int tree_xattr_outside(const char *name, unsigned char *value, size_t size, const char *path) {
  return !is_acl(name) || map_acl(value, size, true) == 0 ? 0 : tree_fail("owner", path);
}

/*
 * linux/capability.h: revision 3 ends with the id of the root that the capabilities hold under, as the reader's namespace has
 * it. With that of the container's own root they are revision 2 for the container, and for an image.
 */
static size_t capability_inside(unsigned char *value, size_t size) {
  enum { SIZE_2 = 20, SIZE_3 = 24 };
  if (uids.count == 0 || size != SIZE_3 || value[3] != 3) return size;
  if (inside(&uids, number(value + 20)) != 0) return size;
  value[3] = 2;
  return SIZE_2;
}

size_t tree_xattr_inside(const char *name, unsigned char *value, size_t size) {
  if (is_acl(name)) map_acl(value, size, false);
  return strcmp(name, "security.capability") == 0 ? capability_inside(value, size) : size;
}
