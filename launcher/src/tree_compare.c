/* What one tree changes with regard to others, in the letters of `docker diff`: A added, C changed, D deleted. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct compare { uint32_t id; bool overlay; char path[PATH_MAX]; int announced; };

/* The lower directories that are merged at one place, topmost first. */
struct stack { int *fds; size_t count; };

enum found { ABSENT, OTHER, DIRECTORY };

static void put_change(const struct compare *compare, char kind) {
  reply_begin(TREE_CHANGE, compare->id);
  reply_u8((uint8_t)kind);
  reply_string(compare->path);
  reply_end();
}

/* A directory with a changed member counts as changed itself, and comes before it. */
static void announce(struct compare *compare, char kind) {
  char *path = compare->path;
  size_t length = strlen(path);
  for (size_t at = (size_t)compare->announced + 1; at < length; at++) {
    if (path[at] != '/') continue;
    path[at] = '\0';
    put_change(compare, 'C');
    path[at] = '/';
    compare->announced = (int)at;
  }
  put_change(compare, kind);
  compare->announced = (int)length;
}

/* What the stack shows under a name, its status, and the first directory's descriptors when those are merged. */
static enum found look(const struct stack *lower, const char *name, struct stat *status, struct stack *below) {
  enum found found = ABSENT;
  *below = (struct stack){0};
  if (lower->count > 0) below->fds = malloc(lower->count * sizeof *below->fds);
  for (size_t i = 0; below->fds != NULL && i < lower->count; i++) {
    struct stat here;
    if (fstatat(lower->fds[i], name, &here, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      tree_fail("stat", name);
      break;
    }
    if (tree_is_whiteout(&here)) break;
    if (found == ABSENT) *status = here;
    if (!S_ISDIR(here.st_mode)) {
      if (found == ABSENT) found = OTHER;
      break;
    }
    found = DIRECTORY;
    int fd = tree_open_child(lower->fds[i], name);
    if (fd < 0) {
      tree_fail("open", name);
      break;
    }
    below->fds[below->count++] = fd;
    if (tree_is_opaque(fd)) break;
  }
  if (lower->count > 0 && below->fds == NULL) tree_fail("malloc", name);
  return found;
}

static void drop(struct stack *stack) {
  for (size_t i = 0; i < stack->count; i++) close(stack->fds[i]);
  free(stack->fds);
}

static bool same_xattrs(int upper, int lower, const char *name, mode_t mode) {
  struct xattrs set;
  unsigned char *copy;
  if (tree_xattrs(upper, name, -1, mode, false, &set) != 0) return false;
  size_t size = set.size;
  copy = malloc(size + 1);
  if (copy == NULL) return false;
  memcpy(copy, set.data, size);
  bool same = tree_xattrs(lower, name, -1, mode, false, &set) == 0 && set.size == size && memcmp(copy, set.data, size) == 0;
  free(copy);
  return same;
}

/* A directory's time and size follow from its members; a file's tell whether it was written. */
static bool same(const struct stat *new, const struct stat *old) {
  if (new->st_mode != old->st_mode || new->st_uid != old->st_uid || new->st_gid != old->st_gid) return false;
  if (new->st_rdev != old->st_rdev) return false;
  if (S_ISDIR(new->st_mode)) return true;
  return new->st_size == old->st_size && new->st_mtim.tv_sec == old->st_mtim.tv_sec &&
         new->st_mtim.tv_nsec == old->st_mtim.tv_nsec;
}

static int compare_directory(struct compare *compare, int upper, const struct stack *lower);

static int compare_child(struct compare *compare, int upper, const struct stack *lower, const char *name) {
  struct stat new, old;
  struct stack below;
  if (fstatat(upper, name, &new, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("stat", compare->path);
  enum found found = look(lower, name, &old, &below);
  int result = tree_failure.code == 0 ? 0 : -1;
  if (result != 0) goto done;
  if (compare->overlay && tree_is_whiteout(&new)) {
    if (found != ABSENT) announce(compare, 'D');
    goto done;
  }
  if (found == ABSENT) {
    announce(compare, 'A');
  } else {
    bool changed = !same(&new, &old) || (compare->overlay && !S_ISDIR(new.st_mode));
    if (!changed && !compare->overlay) changed = !same_xattrs(upper, lower->fds[0], name, new.st_mode);
    /* In an overlay, a directory of the upper tree was copied up for a change in it or to itself. */
    if (changed || compare->overlay) announce(compare, 'C');
  }
  if (!S_ISDIR(new.st_mode)) goto done;
  int fd = tree_open_child(upper, name);
  if (fd < 0) {
    result = tree_fail("open", compare->path);
    goto done;
  }
  result = compare_directory(compare, fd, &below);
  close(fd);
done:
  drop(&below);
  return result;
}

/* Names that the stack shows and the upper tree doesn't have. The names of one lower directory, sorted. */
static int deleted(struct compare *compare, int upper, const struct stack *lower, const char *name) {
  struct stat status;
  struct stack below;
  if (fstatat(upper, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return 0;
  if (errno != ENOENT) return tree_fail("stat", compare->path);
  enum found found = look(lower, name, &status, &below);
  drop(&below);
  if (tree_failure.code != 0) return -1;
  if (found != ABSENT) announce(compare, 'D');
  return 0;
}

static int each(struct compare *compare, int upper, const struct stack *lower, const struct name_list *list, bool there) {
  int result = 0;
  for (size_t i = 0; i < list->count && result == 0; i++) {
    if (i > 0 && strcmp(list->names[i], list->names[i - 1]) == 0) continue;
    int length = tree_path_push(compare->path, list->names[i]);
    if (length < 0) return tree_fail("path", compare->path);
    result = there ? compare_child(compare, upper, lower, list->names[i]) : deleted(compare, upper, lower, list->names[i]);
    tree_path_pop(compare->path, length);
    if (compare->announced > length) compare->announced = length;
  }
  return result;
}

static int compare_directory(struct compare *compare, int upper, const struct stack *lower) {
  struct name_list list;
  int opaque = compare->overlay && tree_is_opaque(upper), result = 0;
  /* Without an overlay there is one lower tree, and what isn't in the upper one was deleted; so too below an opaque one. */
  for (size_t i = 0; (opaque || !compare->overlay) && i < lower->count && result == 0; i++) {
    if (tree_names(lower->fds[i], &list) != 0) return tree_fail("getdents", compare->path);
    result = each(compare, upper, lower, &list, false);
    tree_free_names(&list);
  }
  if (result != 0) return -1;
  if (tree_names(upper, &list) != 0) return tree_fail("getdents", compare->path);
  result = each(compare, upper, lower, &list, true);
  tree_free_names(&list);
  return result;
}

int tree_compare(uint32_t id, bool overlay, const char *upper, char *const *lower, size_t count) {
  struct compare compare = {.id = id, .overlay = overlay};
  struct stack stack = {calloc(count + 1, sizeof(int)), 0};
  int result = stack.fds == NULL ? tree_fail("malloc", "") : 0, top = -1;
  for (size_t i = 0; i < count && result == 0; i++) {
    int fd = tree_open_root(lower[i]);
    if (fd < 0) result = -1;
    else stack.fds[stack.count++] = fd;
  }
  if (result == 0 && (top = tree_open_root(upper)) < 0) result = -1;
  if (result == 0) result = compare_directory(&compare, top, &stack);
  if (top >= 0) close(top);
  drop(&stack);
  return result;
}
