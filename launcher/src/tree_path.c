/* Paths below a root directory, of which none leads out. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/openat2.h, which musl's headers don't include. */
struct open_how { uint64_t flags, mode, resolve; };
#define RESOLVE_NO_XDEV 0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS 0x04
#define RESOLVE_BENEATH 0x08
#define RESOLVE_IN_ROOT 0x10
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

enum { MAX_LINKS = 40, CACHED = 32 };

struct parent { char *path; size_t length; uint32_t hash; int fd; uint64_t used; };
struct parents { int root; uint64_t clock; struct parent slots[CACHED]; };

bool tree_path_is_plain(const char *path) {
  if (*path == '\0') return true;
  for (;;) {
    size_t length = strcspn(path, "/");
    if (length == 0 || length > NAME_MAX) return false;
    if (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))) return false;
    if (path[length] == '\0') return true;
    path += length + 1;
  }
}

static int open2(int directory, const char *path, int flags, uint64_t resolve) {
  struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC, .resolve = resolve};
  for (;;) {
    int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    /* EAGAIN: something was renamed or mounted meanwhile, anywhere; the kernel asks for another try. */
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return fd;
  }
}

static int open_in_old_kernel(int root, const char *path, int flags);

int tree_open_in_root(int root, const char *path, int flags, uint64_t resolve) {
  int fd = open2(root, *path == '\0' ? "." : path, flags, resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  return fd < 0 && errno == ENOSYS ? open_in_old_kernel(root, path, flags) : fd;
}

int tree_open_plain(const char *path, int flags) {
  int fd = open2(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS);
  return fd < 0 && errno == ENOSYS ? open(path, flags | O_NOFOLLOW | O_CLOEXEC) : fd;
}

int tree_open_plain_parent(const char *path, const char **name) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (path[0] != '/' || slash[1] == '\0') return errno = EINVAL, -1;
  size_t length = slash == path ? 1 : (size_t)(slash - path);
  if (length >= sizeof parent) return errno = ENAMETOOLONG, -1;
  memcpy(parent, path, length);
  parent[length] = '\0';
  *name = slash + 1;
  return tree_open_plain(parent, O_PATH | O_DIRECTORY);
}

int tree_open_child(int parent, const char *name) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = open2(parent, name, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (fd >= 0 || errno != ENOSYS) return fd;
  struct stat above, below;
  fd = openat(parent, name, flags);
  if (fd < 0 || (fstat(parent, &above) == 0 && fstat(fd, &below) == 0 && above.st_dev == below.st_dev)) return fd;
  close(fd);
  return errno = EXDEV, -1;
}

int tree_open_root(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? tree_fail("open", path) : fd;
}

int tree_open_parent(const char *path, const char **name) {
  char copy[PATH_MAX];
  size_t length = strlen(path);
  const char *slash = strrchr(path, '/');
  if (path[0] != '/' || slash[1] == '\0' || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0 || length >= PATH_MAX) {
    errno = EINVAL;
    return tree_fail("open", path);
  }
  *name = slash + 1;
  size_t cut = slash == path ? 1 : (size_t)(slash - path);
  memcpy(copy, path, cut);
  copy[cut] = '\0';
  int fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? tree_fail("open", copy) : fd;
}

struct parents *tree_parents_new(int root) {
  struct parents *cache = calloc(1, sizeof *cache);
  if (cache == NULL) return NULL;
  cache->root = root;
  return cache;
}

void tree_parents_forget(struct parents *cache) {
  for (size_t i = 0; i < CACHED; i++) {
    struct parent *slot = &cache->slots[i];
    if (slot->path == NULL) continue;
    close(slot->fd);
    free(slot->path);
    slot->path = NULL;
  }
}

void tree_parents_free(struct parents *cache) {
  if (cache == NULL) return;
  tree_parents_forget(cache);
  free(cache);
}

static uint32_t hash_of(const char *text, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash;
}

static struct parent *find(struct parents *cache, const char *path, size_t length, uint32_t hash) {
  for (size_t i = 0; i < CACHED; i++) {
    struct parent *slot = &cache->slots[i];
    if (slot->path == NULL || slot->hash != hash || slot->length != length) continue;
    if (memcmp(slot->path, path, length) != 0) continue;
    slot->used = ++cache->clock;
    return slot;
  }
  return NULL;
}

static int keep(struct parents *cache, const char *path, size_t length, uint32_t hash, int fd) {
  struct parent *slot = &cache->slots[0];
  for (size_t i = 0; i < CACHED && slot->path != NULL; i++) {
    struct parent *other = &cache->slots[i];
    if (other->path == NULL || other->used < slot->used) slot = other;
  }
  char *copy = malloc(length + 1);
  if (copy == NULL) {
    close(fd);
    return -1;
  }
  memcpy(copy, path, length);
  copy[length] = '\0';
  if (slot->path != NULL) {
    close(slot->fd);
    free(slot->path);
  }
  *slot = (struct parent){copy, length, hash, fd, ++cache->clock};
  return fd;
}

/* Puts a symbolic link's target before what is left of the path. */
static int splice_link(int directory, const char *name, char *rest, const char *after) {
  char target[PATH_MAX], joined[PATH_MAX];
  ssize_t length = readlinkat(directory, name, target, sizeof target);
  /* EINVAL: no link at all, but a file where a directory is needed. */
  if (length < 0) return errno = errno == EINVAL ? ENOTDIR : errno, -1;
  size_t left = strlen(after);
  if ((size_t)length + 1 + left >= PATH_MAX) return errno = ENAMETOOLONG, -1;
  memcpy(joined, target, (size_t)length);
  joined[length] = '/';
  memcpy(joined + length + 1, after, left + 1);
  memcpy(rest, joined, (size_t)length + 1 + left + 1);
  return 0;
}

/*
 * Opens a directory component by component, links followed inside the root, missing ones made. Only for a tree that
 * nobody else changes: `..` (in a link's target) is trusted to be where we came from, `depth` keeps it below the root.
 */
static int walk(int root, const char *path, size_t length, bool create) {
  char rest[PATH_MAX];
  memcpy(rest, path, length);
  rest[length] = '\0';
  char *at = rest;
  int links = 0, depth = 0, current = fcntl(root, F_DUPFD_CLOEXEC, 0);
  while (current >= 0 && *at != '\0') {
    char name[NAME_MAX + 1];
    size_t size = strcspn(at, "/");
    if (size > NAME_MAX) {
      errno = ENAMETOOLONG;
      goto failed;
    }
    memcpy(name, at, size);
    name[size] = '\0';
    at += size + (at[size] == '/');
    if (size == 0 || strcmp(name, ".") == 0) continue;
    bool up = strcmp(name, "..") == 0;
    if (up && depth == 0) continue;
    int next = openat(current, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && errno == ENOENT && create && (mkdirat(current, name, 0755) == 0 || errno == EEXIST))
      next = openat(current, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
      if (errno != ENOTDIR && errno != ELOOP) goto failed;
      if (++links > MAX_LINKS) {
        errno = ELOOP;
        goto failed;
      }
      if (splice_link(current, name, rest, at) != 0) goto failed;
      at = rest;
      if (rest[0] != '/') continue;
      depth = 0;
      next = fcntl(root, F_DUPFD_CLOEXEC, 0);
    } else {
      depth += up ? -1 : 1;
    }
    close(current);
    current = next;
  }
  return current;
failed:;
  int code = errno;
  close(current);
  errno = code;
  return -1;
}

/* Linux before 5.6 has no openat2(2). */
static int open_in_old_kernel(int root, const char *path, int flags) {
  char rest[PATH_MAX];
  snprintf(rest, sizeof rest, "%s", path);
  for (int links = 0; links <= MAX_LINKS; links++) {
    char *slash = strrchr(rest, '/'), *name = slash == NULL ? rest : slash + 1;
    /* A directory by its nature: `/`, `.`, `..` or a slash at the end. */
    bool whole = *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    int parent = walk(root, rest, whole ? strlen(rest) : (size_t)(name - rest), false);
    if (parent < 0) return -1;
    int fd = openat(parent, whole ? "." : name, flags | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    bool link = !(flags & O_NOFOLLOW) && !whole && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
    char target[PATH_MAX] = "";
    int code = errno, spliced = link ? splice_link(parent, name, target, "") : 0;
    close(parent);
    if (!link) return errno = code, fd;
    if (fd >= 0) close(fd);
    if (spliced != 0) return -1;
    target[strlen(target) - 1] = '\0';
    size_t keep = target[0] == '/' ? 0 : (size_t)(name - rest);
    if (keep + strlen(target) >= sizeof rest) return errno = ENAMETOOLONG, -1;
    strcpy(rest + keep, target);
  }
  return errno = ELOOP, -1;
}

static int open_directory(struct parents *cache, const char *path, size_t length, bool create) {
  char copy[PATH_MAX];
  memcpy(copy, path, length);
  copy[length] = '\0';
  char *slash = strrchr(copy, '/');
  if (slash != NULL) {
    size_t above = (size_t)(slash - copy);
    struct parent *parent = find(cache, copy, above, hash_of(copy, above));
    if (parent != NULL) {
      int fd = openat(parent->fd, slash + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (fd >= 0) return fd;
    }
  }
  int fd = tree_open_in_root(cache->root, copy, O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV);
  return fd < 0 && create && errno == ENOENT ? walk(cache->root, path, length, true) : fd;
}

int tree_parent_of(struct parents *cache, const char *path, bool create, const char **name) {
  const char *slash = strrchr(path, '/');
  *name = slash == NULL ? path : slash + 1;
  if (slash == NULL) return cache->root;
  size_t length = (size_t)(slash - path);
  uint32_t hash = hash_of(path, length);
  struct parent *slot = find(cache, path, length, hash);
  if (slot != NULL) return slot->fd;
  int fd = open_directory(cache, path, length, create);
  return fd < 0 ? -1 : keep(cache, path, length, hash, fd);
}
