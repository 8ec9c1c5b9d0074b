/* The tree worker: requests on standard input, answers on standard output (TREE.md), until the input ends. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util.h"

/* Deep trees are walked with a descriptor and a stack frame a level; this many fit into a stack of 8 MiB. */
enum { MAX_FILES = 8192 };

struct tree_failure tree_failure;

int tree_fail(const char *step, const char *path) {
  if (tree_failure.code != 0) return -1;
  tree_failure.code = errno == 0 ? EIO : errno;
  tree_failure.step = step;
  snprintf(tree_failure.path, sizeof tree_failure.path, "%s", path);
  return -1;
}

int tree_fail_at(const char *step, const char *directory, const char *name) {
  if (tree_failure.code != 0) return -1;
  tree_fail(step, "");
  char *at = tree_failure.path;
  if (*directory == '\0') snprintf(at, sizeof tree_failure.path, "%s", name);
  else snprintf(at, sizeof tree_failure.path, "%s/%s", directory, name);
  return -1;
}

static void answer_failure(uint32_t id, uint64_t index) {
  reply_begin(TREE_FAILED, id);
  reply_u32((uint32_t)tree_failure.code);
  reply_u64(index);
  reply_string(tree_failure.step);
  reply_string(tree_failure.path);
  reply_end();
  reply_flush();
}

static int bad_frame(void) {
  errno = EPROTO;
  return tree_fail("frame", "");
}

static int copy(uint32_t id, struct reader *in) {
  char source[PATH_MAX], target[PATH_MAX];
  struct copy_counts counts = {0};
  unsigned flags = frame_u8(in);
  if (!frame_path(in, source) || !frame_path(in, target)) return bad_frame();
  if (tree_copy_plain(source, target, flags, &counts) != 0) return -1;
  reply_begin(TREE_DONE, id);
  reply_u64(counts.entries);
  reply_u64(counts.bytes);
  reply_u64(counts.refused);
  reply_u64(counts.cloned);
  reply_end();
  return 0;
}

static int empty_done(uint32_t id) {
  reply_begin(TREE_DONE, id);
  reply_end();
  return 0;
}

static int remove_tree(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  const char *name;
  if (!frame_path(in, path)) return bad_frame();
  int parent = tree_open_plain_parent(path, &name);
  /* Nothing there, nothing to do: removing is repeated after an interruption. */
  if (parent < 0) return errno == ENOENT ? empty_done(id) : tree_fail("open", path);
  int result = tree_remove_at(parent, name);
  close(parent);
  return result == 0 ? empty_done(id) : -1;
}

static int usage(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  struct inode_set seen = {0};
  struct usage sum = {0};
  int result = 0;
  for (uint32_t left = frame_u32(in); left > 0 && result == 0; left--)
    result = frame_path(in, path) ? tree_usage(path, &seen, &sum) : bad_frame();
  tree_inode_free(&seen);
  if (result != 0) return -1;
  reply_begin(TREE_DONE, id);
  reply_u64(sum.apparent);
  reply_u64(sum.allocated);
  reply_u64(sum.inodes);
  reply_u32(sum.highest_uid);
  reply_u32(sum.highest_gid);
  reply_end();
  return 0;
}

static int compare(uint32_t id, struct reader *in) {
  char upper[PATH_MAX], path[PATH_MAX];
  bool overlay = frame_u8(in) == TREE_STYLE_OVERLAY;
  if (!frame_path(in, upper)) return bad_frame();
  uint32_t count = frame_u32(in);
  /* A path takes at least two bytes of the frame. */
  if (count > TREE_FRAME_MAX / 2) return bad_frame();
  char **lower = calloc(count + 1, sizeof *lower);
  int result = lower == NULL ? tree_fail("malloc", "") : 0;
  for (uint32_t i = 0; i < count && result == 0; i++) {
    if (!frame_path(in, path)) result = bad_frame();
    else if ((lower[i] = strdup(path)) == NULL) result = tree_fail("malloc", "");
  }
  if (result == 0) result = tree_compare(id, overlay, upper, lower, count);
  for (uint32_t i = 0; lower != NULL && i < count; i++) free(lower[i]);
  free(lower);
  return result == 0 ? empty_done(id) : -1;
}

static int make_directory(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  const char *name;
  mode_t mode = frame_u32(in) & 07777;
  if (!frame_path(in, path)) return bad_frame();
  uid_t uid = frame_u32(in);
  gid_t gid = frame_u32(in);
  CLEAN_FD int parent = tree_open_plain_parent(path, &name);
  if (parent < 0) return tree_fail("mkdir", path);
  if (mkdirat(parent, name, mode & 0777) != 0) {
    struct stat status;
    if (errno != EEXIST) return tree_fail("mkdir", path);
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
      return errno = EEXIST, tree_fail("mkdir", path);
    return empty_done(id);
  }
  if ((uid != 0 || gid != 0) && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) return tree_fail("chown", path);
  if ((mode & 07000) != 0 && fchmodat(parent, name, mode, 0) != 0) return tree_fail("chmod", path);
  return empty_done(id);
}

static int move(uint32_t id, struct reader *in) {
  char source[PATH_MAX], target[PATH_MAX];
  const char *from, *to;
  if (!frame_path(in, source) || !frame_path(in, target)) return bad_frame();
  CLEAN_FD int source_parent = tree_open_plain_parent(source, &from);
  if (source_parent < 0) return tree_fail("rename", source);
  CLEAN_FD int target_parent = tree_open_plain_parent(target, &to);
  if (target_parent < 0) return tree_fail("rename", target);
  return renameat(source_parent, from, target_parent, to) == 0 ? empty_done(id) : tree_fail("rename", source);
}

static int sync_filesystem(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  if (!frame_path(in, path)) return bad_frame();
  int fd = tree_open_root(path);
  if (fd < 0) return -1;
  int result = syncfs(fd) == 0 ? 0 : tree_fail("syncfs", path);
  close(fd);
  return result == 0 ? empty_done(id) : -1;
}

/*
 * Tells ext4 that the directories in this one have nothing to do with each other, so that it spreads them over the disk (chattr(1),
 * T). In the neighbourhood of what was removed a moment ago, each new inode costs it a search. Elsewhere it means nothing.
 */
static int spread(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  int flags = 0;
  if (!frame_path(in, path)) return bad_frame();
  int fd = tree_open_root(path);
  if (fd < 0) return -1;
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && !(flags & FS_TOPDIR_FL)) {
    flags |= FS_TOPDIR_FL;
    /* A hint that isn't taken changes nothing. */
    (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
  close(fd);
  return empty_done(id);
}

static int scan(uint32_t id, struct reader *in) {
  char path[PATH_MAX];
  bool data = frame_u8(in) & 1;
  if (!frame_path(in, path)) return bad_frame();
  return tree_scan(id, path, data) == 0 ? empty_done(id) : -1;
}

static int look_up(uint32_t id, uint8_t op, struct reader *in) {
  char root[PATH_MAX], path[PATH_MAX];
  if (!frame_path(in, root) || !frame_path(in, path)) return bad_frame();
  int result = op == TREE_STAT ? tree_stat(id, root, path) : tree_read(id, root, path, frame_u32(in));
  return result == 0 ? empty_done(id) : -1;
}

static int request(uint8_t op, uint32_t id, struct reader *in) {
  switch (op) {
    case TREE_COPY: return copy(id, in);
    case TREE_REMOVE: return remove_tree(id, in);
    case TREE_USAGE: return usage(id, in);
    case TREE_SCAN: return scan(id, in);
    case TREE_COMPARE: return compare(id, in);
    case TREE_READ:
    case TREE_STAT: return look_up(id, op, in);
    case TREE_MAKE_DIRECTORY: return make_directory(id, in);
    case TREE_RENAME: return move(id, in);
    case TREE_SYNC: return sync_filesystem(id, in);
    case TREE_SPREAD: return spread(id, in);
    case TREE_IDS: return tree_ids_set(in) == 0 ? empty_done(id) : -1;
    default: return bad_frame();
  }
}

/* The layer that is being written; once it has failed, its frames are read past. */
static struct { uint32_t id; bool failed; } session;

static void layer_failed(void) {
  answer_failure(session.id, tree_layer_index());
  tree_layer_drop();
  session.failed = true;
}

static int data_frame(uint32_t left) {
  while (left > 0) {
    const unsigned char *piece;
    ssize_t got = frame_piece(left, &piece);
    if (got < 0) return -1;
    left -= (uint32_t)got;
    if (!session.failed && tree_layer_data(piece, (size_t)got) != 0) layer_failed();
  }
  return 0;
}

static void layer_frame(uint8_t op, struct reader *in) {
  if (op == TREE_BEGIN) {
    session.id = frame_u32(in);
    session.failed = false;
    if (tree_layer_begin(in) != 0) layer_failed();
    return;
  }
  if (session.failed) return;
  if (op != TREE_END) {
    if (tree_layer_op(op, in) != 0) layer_failed();
    return;
  }
  uint8_t flags = frame_u8(in);
  /* Given up: what is there stays, for the client to remove. */
  bool cancelled = flags & 2;
  if (!cancelled && tree_layer_end(flags & 1) != 0) {
    layer_failed();
    return;
  }
  reply_begin(TREE_DONE, session.id);
  tree_layer_reply();
  reply_end();
  reply_flush();
  tree_layer_drop();
}

static void raise_limits(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max < MAX_FILES ? limit.rlim_max : MAX_FILES;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int tree_main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    fputs("wherry-launcher tree takes no arguments\n", stderr);
    return 125;
  }
  umask(0);
  signal(SIGPIPE, SIG_IGN);
  raise_limits();
  for (;;) {
    uint32_t length;
    uint8_t op;
    struct reader in;
    int got = frame_next(&length, &op);
    if (got <= 0) return got == 0 ? 0 : 1;
    tree_failure.code = 0;
    if (op == TREE_DATA) {
      if (data_frame(length) != 0) return 1;
      continue;
    }
    if (frame_body(length, &in) != 0) return 1;
    if (op < TREE_COPY) {
      layer_frame(op, &in);
      continue;
    }
    uint32_t id = frame_u32(&in);
    if (request(op, id, &in) != 0) answer_failure(id, 0);
    reply_flush();
  }
}
