/* Reading directories, paths under construction, extended attributes. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* getdents64(2) */
struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

static int by_bytes(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

int tree_names(int fd, struct name_list *list) {
  static _Alignas(struct entry) unsigned char buffer[32 * 1024];
  size_t used = 0, size = 0;
  *list = (struct name_list){0};
  if (lseek(fd, 0, SEEK_SET) < 0) return -1;
  for (;;) {
    long got = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (got < 0) goto failed;
    if (got == 0) break;
    for (long at = 0; at < got;) {
      const struct entry *entry = (const struct entry *)(buffer + at);
      at += entry->size;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      size_t length = strlen(entry->name) + 1;
      if (used + length > size) {
        size = size * 2 + 4096;
        char *text = realloc(list->text, size);
        if (text == NULL) goto failed;
        list->text = text;
      }
      memcpy(list->text + used, entry->name, length);
      used += length;
      list->count++;
    }
  }
  if (list->count == 0) return 0;
  list->names = malloc(list->count * sizeof *list->names);
  if (list->names == NULL) goto failed;
  char *at = list->text;
  for (size_t i = 0; i < list->count; i++, at += strlen(at) + 1) list->names[i] = at;
  qsort(list->names, list->count, sizeof *list->names, by_bytes);
  return 0;
failed:
  tree_free_names(list);
  return -1;
}

void tree_free_names(struct name_list *list) {
  int code = errno;
  free(list->names);
  free(list->text);
  *list = (struct name_list){0};
  errno = code;
}

int tree_path_push(char *path, const char *name) {
  size_t length = strlen(path), more = strlen(name);
  if (length + 1 + more >= PATH_MAX) return errno = ENAMETOOLONG, -1;
  size_t at = length;
  if (length > 0) path[at++] = '/';
  memcpy(path + at, name, more + 1);
  return (int)length;
}

void tree_path_pop(char *path, int length) { path[length] = '\0'; }

bool tree_is_whiteout(const struct stat *status) { return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0); }

int tree_is_opaque(int fd) {
  char value[2];
  return fgetxattr(fd, "user.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}

/* Types that the kernel keeps no attributes of ours on, and which can't be opened without effect. */
static bool may_have_xattrs(mode_t mode) { return S_ISREG(mode) || S_ISDIR(mode); }

static int append(struct xattrs *set, const char *name, const void *value, size_t size) {
  size_t length = strlen(name);
  if (set->size + 6 + length + size > TREE_XATTR_MAX) return errno = E2BIG, -1;
  unsigned char *at = set->data + set->size;
  *at++ = (unsigned char)length, *at++ = (unsigned char)(length >> 8);
  memcpy(at, name, length);
  at += length;
  for (size_t i = 0; i < 4; i++) *at++ = (unsigned char)(size >> (8 * i));
  memcpy(at, value, size);
  set->size += 6 + length + size;
  set->count++;
  return 0;
}

int tree_xattrs(int parent, const char *name, int fd, mode_t mode, bool mapped, struct xattrs *set) {
  static unsigned char data[TREE_XATTR_MAX], value[TREE_XATTR_MAX];
  static char names[TREE_XATTR_MAX];
  *set = (struct xattrs){data, 0, 0};
  if (!may_have_xattrs(mode)) return 0;
  int own = -1, result = -1;
  if (fd < 0) {
    fd = own = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -1;
  }
  ssize_t length = flistxattr(fd, names, sizeof names);
  if (length < 0) {
    result = errno == ENOTSUP ? 0 : -1;
    goto done;
  }
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
    ssize_t size = fgetxattr(fd, names + at, value, sizeof value);
    /* ENODATA: listed, and gone or not ours to read. */
    if (size < 0 && (errno == ENODATA || errno == ENOTSUP || errno == EPERM || errno == EACCES)) continue;
    if (size < 0) goto done;
    if (mapped) size = (ssize_t)tree_xattr_inside(names + at, value, (size_t)size);
    if (append(set, names + at, value, (size_t)size) != 0) goto done;
  }
  result = 0;
done:;
  int code = errno;
  if (own >= 0) close(own);
  errno = code;
  return result;
}
