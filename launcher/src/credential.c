// User, capabilities, seccomp filter: in the order in which each still has the privilege it needs.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "util.h"

struct masks { uint64_t bounding, effective, permitted, inheritable, ambient; };

static int read_masks(const struct operation *op, struct masks *masks) {
  uint64_t *fields[] = {&masks->bounding, &masks->effective, &masks->permitted, &masks->inheritable, &masks->ambient};
  for (unsigned i = 0; i < COUNT(fields); i++) {
    if (argument_number(op, i, UINT64_MAX, fields[i]) != 0) return -1;
  }
  return 0;
}

static int drop_bounding(uint64_t keep) {
  for (int cap = 0; cap < 64; cap++) {
    // EINVAL: past the last one that the kernel knows.
    if ((keep >> cap & 1) == 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) return errno == EINVAL ? 0 : fail(NULL);
  }
  return 0;
}

static int set_masks(const struct masks *masks) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)masks->effective, (uint32_t)masks->permitted, (uint32_t)masks->inheritable},
      {(uint32_t)(masks->effective >> 32), (uint32_t)(masks->permitted >> 32), (uint32_t)(masks->inheritable >> 32)},
  };
  if (syscall(SYS_capset, &header, data) != 0) return fail(NULL);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return fail(NULL);
  for (int cap = 0; cap < 64; cap++) {
    if ((masks->ambient >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0) return fail(NULL);
  }
  return 0;
}

static int load_filter(const struct operation *op) {
  uint64_t flags;
  size_t size = op->args[1].length;
  if (argument_number(op, 0, UINT32_MAX, &flags) != 0) return -1;
  // The program's bytes lie anywhere; the instructions want alignment.
  CLEAN_MEMORY struct sock_filter *code = malloc(size + 1);
  if (code == NULL) return fail(NULL);
  memcpy(code, op->args[1].text, size);
  struct sock_fprog filter = {(unsigned short)(size / sizeof *code), code};
  if (size % sizeof *code != 0 || size / sizeof *code > BPF_MAXINSNS) {
    errno = EINVAL;
    return fail_detail(NULL, "the seccomp filter has a wrong length");
  }
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned)flags, &filter) == 0 ? 0 : fail(NULL);
}

static bool setgroups_denied(void) {
  char word[16];
  return read_text(AT_FDCWD, "/proc/self/setgroups", word, sizeof word) > 0 && strncmp(word, "deny", 4) == 0;
}

static int become(const struct operation *op, bool keep_groups) {
  uint64_t uid, gid, group;
  if (argument_number(op, 0, UINT32_MAX - 1, &uid) != 0 || argument_number(op, 1, UINT32_MAX - 1, &gid) != 0) return -1;
  unsigned count = op->argc - 2u;
  CLEAN_MEMORY gid_t *groups = calloc(count + 1, sizeof *groups);
  if (groups == NULL) return fail(NULL);
  for (unsigned i = 0; i < count; i++) {
    if (argument_number(op, i + 2, UINT32_MAX - 1, &group) != 0) return -1;
    groups[i] = (gid_t)group;
  }
  if (!keep_groups && setgroups(count, groups) != 0 && !(errno == EPERM && setgroups_denied())) {
    return fail_detail(NULL, "the supplementary groups can't be set: %s", strerror(errno));
  }
  if (setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) != 0) {
    return fail_detail(NULL, "group %s can't be had: %s", op->args[1].text,
                       errno == EINVAL ? "it isn't mapped in the user namespace" : strerror(errno));
  }
  if (setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) != 0) {
    return fail_detail(NULL, "user %s can't be had: %s", op->args[0].text,
                       errno == EINVAL ? "it isn't mapped in the user namespace" : strerror(errno));
  }
  return 0;
}

static int at(const struct operation *op, int result) {
  if (result != 0) fail_where(PHASE_CONTAINER, op->index, op->opcode);
  return result;
}

int take_credentials(const struct child *child) {
  struct masks masks;
  const struct operation *caps = child->capabilities;
  if (caps != NULL && at(caps, read_masks(caps, &masks)) != 0) return -1;
  // Without no_new_privs a filter needs CAP_SYS_ADMIN, so it comes first and sees the calls below, as with runc.
  if (child->seccomp != NULL && !child->no_new_privileges && at(child->seccomp, load_filter(child->seccomp)) != 0) return -1;
  if (caps != NULL && at(caps, drop_bounding(masks.bounding)) != 0) return -1;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail(NULL);
  if (child->user != NULL && at(child->user, become(child->user, child->keep_groups)) != 0) return -1;
  if (caps != NULL && at(caps, set_masks(&masks)) != 0) return -1;
  if (child->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(NULL);
  if (child->seccomp != NULL && child->no_new_privileges) return at(child->seccomp, load_filter(child->seccomp));
  return 0;
}
