#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

extern char **environ;

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static bool same_bytes(int one, int two, size_t size) {
  void *a = mmap(NULL, size, PROT_READ, MAP_PRIVATE, one, 0), *b = mmap(NULL, size, PROT_READ, MAP_PRIVATE, two, 0);
  bool same = a != MAP_FAILED && b != MAP_FAILED && memcmp(a, b, size) == 0;
  if (a != MAP_FAILED) munmap(a, size);
  if (b != MAP_FAILED) munmap(b, size);
  return same;
}

// The holder may be of another version of the launcher, or be gone: then there is none.
static int copy_of_holder(const char *holder, int self, size_t size) {
  char path[PATH_MAX], text[64];
  struct stat about;
  if (holder == NULL || snprintf(path, sizeof path, "%s/holder.lock", holder) >= (int)sizeof path) return -1;
  if (read_text(AT_FDCWD, path, text, sizeof text) <= 0) return -1;
  text[strcspn(text, " ")] = '\0';
  snprintf(path, sizeof path, "/proc/%s/exe", text);
  CLEAN_FD int copy = open(path, O_RDONLY | O_CLOEXEC);
  if (copy < 0 || fcntl(copy, F_GET_SEALS) != SEALS) return -1;
  if (fstat(copy, &about) != 0 || (size_t)about.st_size != size || !same_bytes(copy, self, size)) return -1;
  int result = copy;
  copy = -1;
  return result;
}

static int copy_of_self(int self, off_t size) {
  // EINVAL: before 6.3 there is no such flag, and every memfd is executable.
  CLEAN_FD int copy = (int)syscall(SYS_memfd_create, "wherry", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy < 0 && errno == EINVAL) copy = (int)syscall(SYS_memfd_create, "wherry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0) return fail("memfd");
  for (off_t at = 0; at < size;) {
    ssize_t sent = sendfile(copy, self, &at, (size_t)(size - at));
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return fail("memfd");
  }
  if (fcntl(copy, F_ADD_SEALS, SEALS) != 0) return fail("memfd");
  int result = copy;
  copy = -1;
  return result;
}

int seal_self(char **argv, const char *holder) {
  CLEAN_FD int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (self < 0 || fstat(self, &about) != 0) return fail("/proc/self/exe");
  if (fcntl(self, F_GET_SEALS) == SEALS) {
    prctl(PR_SET_NAME, "wherry");
    return 0;
  }
  // The file of someone else, of the machine's root: no id of a container's is its owner.
  if (about.st_uid != geteuid() && faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) != 0) return 0;
  CLEAN_FD int copy = copy_of_holder(holder, self, (size_t)about.st_size);
  if (copy < 0) copy = copy_of_self(self, about.st_size);
  if (copy < 0) return -1;
  syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
  return fail("memfd");
}
