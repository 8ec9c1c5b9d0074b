/* Inodes seen, by open addressing, each with a path when one is kept. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct inode_slot { dev_t dev; ino_t ino; size_t path; bool used; };

static struct inode_slot *slot_of(struct inode_slot *slots, size_t size, dev_t dev, ino_t ino) {
  uint64_t hash = ((uint64_t)ino ^ (uint64_t)dev << 40) * 0x9e3779b97f4a7c15u;
  for (size_t at = (size_t)(hash >> 20) & (size - 1);; at = (at + 1) & (size - 1)) {
    struct inode_slot *slot = &slots[at];
    if (!slot->used || (slot->dev == dev && slot->ino == ino)) return slot;
  }
}

static int grow(struct inode_set *set) {
  if (set->used * 4 < set->size * 3) return 0;
  size_t size = set->size == 0 ? 1024 : set->size * 2;
  struct inode_slot *slots = calloc(size, sizeof *slots);
  if (slots == NULL) return -1;
  for (size_t i = 0; i < set->size; i++)
    if (set->slots[i].used) *slot_of(slots, size, set->slots[i].dev, set->slots[i].ino) = set->slots[i];
  free(set->slots);
  set->slots = slots;
  set->size = size;
  return 0;
}

static struct inode_slot *added(struct inode_set *set, dev_t dev, ino_t ino, bool *fresh) {
  if (grow(set) != 0) return NULL;
  struct inode_slot *slot = slot_of(set->slots, set->size, dev, ino);
  *fresh = !slot->used;
  if (*fresh) {
    *slot = (struct inode_slot){dev, ino, 0, true};
    set->used++;
  }
  return slot;
}

int tree_inode_add(struct inode_set *set, dev_t dev, ino_t ino) {
  bool fresh = false;
  return added(set, dev, ino, &fresh) == NULL ? -1 : fresh;
}

bool tree_inode_has(const struct inode_set *set, dev_t dev, ino_t ino) {
  return set->size > 0 && slot_of(set->slots, set->size, dev, ino)->used;
}

const char *tree_inode_first_path(struct inode_set *set, dev_t dev, ino_t ino, const char *path) {
  bool fresh = false;
  struct inode_slot *slot = added(set, dev, ino, &fresh);
  if (slot == NULL) return errno = ENOMEM, NULL;
  errno = 0;
  if (!fresh) return set->text + slot->path;
  size_t length = strlen(path) + 1;
  if (set->text_used + length > set->text_size) {
    size_t size = set->text_size * 2 + PATH_MAX;
    char *text = realloc(set->text, size);
    if (text == NULL) {
      slot->used = false;
      set->used--;
      return errno = ENOMEM, NULL;
    }
    set->text = text;
    set->text_size = size;
  }
  memcpy(set->text + set->text_used, path, length);
  slot->path = set->text_used;
  set->text_used += length;
  return NULL;
}

void tree_inode_free(struct inode_set *set) {
  free(set->slots);
  free(set->text);
  *set = (struct inode_set){0};
}
