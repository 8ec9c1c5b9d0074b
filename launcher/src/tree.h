/* The tree worker: shared declarations. The protocol is TREE.md's. */
#ifndef WHERRY_TREE_H
#define WHERRY_TREE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum tree_op {
  TREE_BEGIN = 0x10, TREE_DIRECTORY, TREE_FILE, TREE_DATA, TREE_HOLE, TREE_SYMLINK, TREE_HARD_LINK, TREE_NODE,
  TREE_WHITEOUT, TREE_OPAQUE, TREE_END,
  TREE_COPY = 0x20, TREE_REMOVE, TREE_USAGE, TREE_SCAN, TREE_COMPARE, TREE_READ, TREE_STAT, TREE_MAKE_DIRECTORY,
  TREE_RENAME, TREE_SYNC, TREE_SPREAD, TREE_IDS,
};
enum tree_reply { TREE_DONE = 0x80, TREE_FAILED, TREE_ENTRY, TREE_REPLY_DATA, TREE_REPLY_HOLE, TREE_CHANGE };
enum { TREE_STYLE_OVERLAY, TREE_STYLE_APPLY };

/* Frames but those of file data fit into the input buffer whole. */
enum { TREE_FRAME_MAX = 256 * 1024, TREE_XATTR_MAX = 64 * 1024, TREE_XATTR_NAME_MAX = 255 };

int tree_main(int argc, char **argv);

/* ---- the first failure of a request (tree.c) ---- */
struct tree_failure { int code; const char *step; char path[PATH_MAX]; };
extern struct tree_failure tree_failure;
/* Records errno with the name of the call and the path, unless one is recorded already. Returns -1. */
int tree_fail(const char *step, const char *path);
int tree_fail_at(const char *step, const char *directory, const char *name);

/* ---- frames (tree_io.c) ---- */
struct reader { const unsigned char *at, *end; bool short_frame; };
uint8_t frame_u8(struct reader *);
uint16_t frame_u16(struct reader *);
uint32_t frame_u32(struct reader *);
uint64_t frame_u64(struct reader *);
/* Bytes in the frame itself; NULL when it ends early. */
const unsigned char *frame_bytes(struct reader *, size_t length);
/* A string of at most PATH_MAX - 1 bytes without NUL, copied to `into` (PATH_MAX bytes); false when it isn't one. */
bool frame_path(struct reader *, char *into);

/* Reads the next frame's length and operation. 1, 0 at the end of input, -1 when it ends within a frame. */
int frame_next(uint32_t *length, uint8_t *op);
/* The rest of the frame as one piece, length at most TREE_FRAME_MAX. */
int frame_body(uint32_t length, struct reader *);
/* As much of the rest of the frame as has arrived, at least a byte: sets *piece, answers with its size or -1. */
ssize_t frame_piece(uint32_t left, const unsigned char **piece);

void reply_begin(uint8_t kind, uint32_t id);
void reply_u8(uint8_t);
void reply_u16(uint16_t);
void reply_u32(uint32_t);
void reply_u64(uint64_t);
void reply_bytes(const void *, size_t);
void reply_string(const char *);
/* Ends the frame; it is sent when the buffer is full, or with reply_flush. */
void reply_end(void);
void reply_flush(void);

/* ---- paths below a root (tree_path.c) ---- */
/* Relative, no empty, `.` or `..` component; the empty path is the root. */
bool tree_path_is_plain(const char *path);
/* openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS and `resolve`. */
int tree_open_in_root(int root, const char *path, int flags, uint64_t resolve);
/* A child directory that is neither a symbolic link nor another mount (EXDEV), readable. */
int tree_open_child(int parent, const char *name);
int tree_open_root(const char *path);
/* An absolute path of the host of which no component is a symbolic link (ELOOP): one that a driver named, in trees that it may put links into. */
int tree_open_plain(const char *path, int flags);
/* The directory that holds such a path; *name is set to the last component. -1 with errno. */
int tree_open_plain_parent(const char *path, const char **name);
/* Opens the parent of an absolute path of the host and sets *name to the last component. */
int tree_open_parent(const char *path, const char **name);

/* Parent directories below one root, kept open. */
struct parents;
struct parents *tree_parents_new(int root);
void tree_parents_free(struct parents *);
/* Forgets all: to be called when a directory or symbolic link was removed. */
void tree_parents_forget(struct parents *);
/*
 * The directory that holds `path`, its own symbolic links followed inside the root; made with mode 0755 when missing and
 * `create`. The descriptor is the cache's. *name is set to the last component.
 */
int tree_parent_of(struct parents *, const char *path, bool create, const char **name);

/* ---- sets of inodes (tree_set.c) ---- */
struct inode_set { struct inode_slot *slots; size_t used, size; char *text; size_t text_used, text_size; };
/* 1 when it was added, 0 when there already, -1 with errno. */
int tree_inode_add(struct inode_set *, dev_t, ino_t);
bool tree_inode_has(const struct inode_set *, dev_t, ino_t);
/* The path kept with an inode, or NULL after keeping `path` as its first one. errno is set to ENOMEM when that failed. */
const char *tree_inode_first_path(struct inode_set *, dev_t, ino_t, const char *path);
void tree_inode_free(struct inode_set *);

/* ---- directories (tree_list.c) ---- */
struct name_list { char **names; size_t count; char *text; };
/* Names in a directory in the order of their bytes. `fd` stays open. */
int tree_names(int fd, struct name_list *);
void tree_free_names(struct name_list *);
/* Appends a component to a path of PATH_MAX bytes: the old length, or -1 with ENAMETOOLONG. */
int tree_path_push(char *path, const char *name);
void tree_path_pop(char *path, int length);
/* Extended attributes as frames hold them: count, then name and value each. With `mapped`, as the container of
 * `ids` has them. */
struct xattrs { unsigned char *data; size_t size; uint16_t count; };
int tree_xattrs(int parent, const char *name, int fd, mode_t mode, bool mapped, struct xattrs *);
bool tree_is_whiteout(const struct stat *);
int tree_is_opaque(int fd);

/* ---- a container's own ids (tree_ids.c) ---- */
/* From the next request on, owners are those that a container with this map has; without extents, the worker's own. */
int tree_ids_set(struct reader *);
uid_t tree_uid_inside(uid_t);
gid_t tree_gid_inside(gid_t);
/* Fails with the step `owner` and EOVERFLOW where the container hasn't got the id. */
int tree_owner_outside(uid_t *, gid_t *, const char *path);
/* The value of an attribute, as far as it names ids: as the container has it, which is its new size; as the worker has it. */
size_t tree_xattr_inside(const char *name, unsigned char *value, size_t size);
int tree_xattr_outside(const char *name, unsigned char *value, size_t size, const char *path);

/* ---- operations ---- */
int tree_layer_begin(struct reader *);             /* tree_layer.c */
int tree_layer_op(uint8_t op, struct reader *);
int tree_layer_data(const unsigned char *, size_t);
int tree_layer_end(bool sync);
void tree_layer_reply(void);
void tree_layer_drop(void);
uint64_t tree_layer_index(void);

/* Removes whatever `name` is, with all below it; nothing to do when it isn't there. */
int tree_remove_at(int parent, const char *name);  /* tree_remove.c */
/* Removes what is below `fd` but the inodes of `keep` and the directories that hold such. */
int tree_prune_at(int fd, const struct inode_set *keep);

struct copy_counts { uint64_t entries, bytes, refused, cloned; };
/* With COPY_SHIFTED, the source's owners are taken for the container's ids. */
enum { COPY_REFLINK = 1, COPY_SHIFTED = 2 };
int tree_copy(const char *source, const char *target, unsigned flags, struct copy_counts *);  /* tree_copy.c */

/* The same for paths that a driver named. */
int tree_copy_plain(const char *source, const char *target, unsigned flags, struct copy_counts *counts);

struct usage { uint64_t apparent, allocated, inodes; uid_t highest_uid; gid_t highest_gid; };
int tree_usage(const char *path, struct inode_set *seen, struct usage *);  /* tree_usage.c */

int tree_scan(uint32_t id, const char *path, bool data);  /* tree_scan.c */
/* A single ENTRY reply of what `path` inside `root` is. */
int tree_stat(uint32_t id, const char *root, const char *path);
int tree_read(uint32_t id, const char *root, const char *path, uint32_t limit);

/* Differences of `upper` against the stack `lower`, topmost first. With `overlay`, upper holds changes alone. */
int tree_compare(uint32_t id, bool overlay, const char *upper, char *const *lower, size_t count);  /* tree_compare.c */

#endif
