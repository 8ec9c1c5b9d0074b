/* One layer being written: what its parts share. */
#ifndef WHERRY_TREE_LAYER_H
#define WHERRY_TREE_LAYER_H

#include "tree.h"

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

struct layer {
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
};

extern struct layer layer;
/* Of the entry that is being made. */
extern struct meta meta;

/* ---- tree_layer.c ---- */
int layer_read_path(struct reader *, char *path, bool may_be_root);
/* The directory that holds `path`, made when missing. */
int layer_parent(const char *path, const char **name);

/* ---- tree_layer_attributes.c ---- */
int layer_set_attributes(int fd);
/* The same for what can't be opened: symbolic links (which have no mode) and special files. */
int layer_set_attributes_at(int fd, const char *name);
/* Keeps the time of the directory at meta.path for layer_set_late_times. */
int layer_remember_time(ino_t ino);
int layer_set_late_times(void);

/* ---- tree_layer_entry.c, tree_layer_file.c ---- */
int layer_put_directory(void);
int layer_put_symlink(struct reader *);
int layer_put_hard_link(struct reader *);
int layer_put_node(struct reader *);
int layer_put_file(struct reader *);
int layer_put_hole(uint64_t length);

/* ---- tree_layer_delete.c ---- */
/* Removes what stands in the way of a new entry. Sets *whiteout when that was the mark of a deletion. */
int layer_clear_way(int fd, const char *name, bool *whiteout);
int layer_make_opaque(int fd);
/* Deletes what lower layers have under a name, and nothing that this layer has put there. */
int layer_put_whiteout(void);
int layer_put_opaque(void);

#endif
