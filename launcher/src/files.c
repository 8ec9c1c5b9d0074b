#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "net_program.h"
#include "tree.h"
#include "util.h"

static int ids(const struct operation *op, unsigned index, uid_t *uid, gid_t *gid) {
  uint64_t number;
  *uid = (uid_t)-1;
  *gid = (gid_t)-1;
  if (!argument_empty(op, index)) {
    if (argument_number(op, index, UINT32_MAX - 1, &number) != 0) return -1;
    *uid = (uid_t)number;
  }
  if (!argument_empty(op, index + 1)) {
    if (argument_number(op, index + 1, UINT32_MAX - 1, &number) != 0) return -1;
    *gid = (gid_t)number;
  }
  return 0;
}

// As tree_open_plain_parent, with missing directories made.
static int make_parent(const char *path, const char **name) {
  int parent = tree_open_plain_parent(path, name);
  if (parent >= 0 || errno != ENOENT) return parent;
  CLEAN_FD int current = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  char component[NAME_MAX + 1];
  for (const char *at = path + 1; current >= 0 && at < *name; at += strcspn(at, "/") + 1) {
    snprintf(component, sizeof component, "%.*s", (int)strcspn(at, "/"), at);
    if (component[0] == '\0') continue;
    int next = openat(current, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && errno == ENOENT && (mkdirat(current, component, 0755) == 0 || errno == EEXIST)) {
      next = openat(current, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    close_fd(&current);
    current = next;
  }
  parent = current;
  current = -1;
  return parent;
}

static int make_dir(const struct operation *op) {
  const char *path = op->args[0].text, *name;
  uint64_t mode;
  uid_t uid;
  gid_t gid;
  if (argument_number(op, 1, 07777, &mode) != 0 || ids(op, 2, &uid, &gid) != 0) return -1;
  CLEAN_FD int parent = make_parent(path, &name);
  if (parent < 0) return fail(path);
  if (mkdirat(parent, name, (mode_t)mode) != 0) {
    struct stat about;
    int error = errno;
    if (error == EEXIST && fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode)) return 0;
    errno = error;
    return fail(path);
  }
  CLEAN_FD int made = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made < 0) return fail(path);
  // Sticky and set-id bits, and what the umask took away; after the owner, whose change clears the set-id bits.
  if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(made, uid, gid) != 0) return fail(path);
  return fchmod(made, (mode_t)mode) == 0 ? 0 : fail(path);
}

static int from_tree(int result) {
  if (result == 0) return 0;
  errno = tree_failure.code;
  return fail(tree_failure.path);
}

static int remove_tree(const char *path) {
  const char *name;
  CLEAN_FD int parent = tree_open_plain_parent(path, &name);
  if (parent < 0) return errno == ENOENT ? 0 : fail(path);
  tree_failure.code = 0;
  return from_tree(tree_remove_at(parent, name));
}

static int copy(const char *source, const char *target) {
  struct copy_counts counts = {0};
  tree_failure.code = 0;
  return from_tree(tree_copy_plain(source, target, COPY_REFLINK, &counts));
}

static int move(const char *source, const char *target) {
  const char *from, *to;
  CLEAN_FD int source_parent = tree_open_plain_parent(source, &from);
  if (source_parent < 0) return fail(source);
  CLEAN_FD int target_parent = tree_open_plain_parent(target, &to);
  if (target_parent < 0) return fail(target);
  return renameat(source_parent, from, target_parent, to) == 0 ? 0 : fail(source);
}

static int write_file(const struct operation *op) {
  const char *path = op->args[0].text, *name;
  uint64_t mode;
  if (argument_number(op, 1, 07777, &mode) != 0) return -1;
  CLEAN_FD int parent = tree_open_plain_parent(path, &name);
  if (parent < 0) return fail(path);
  return replace_file(parent, name, (mode_t)mode, op->args[2].text, op->args[2].length) == 0 ? 0 : fail(path);
}

static int make_symlink(const char *path, const char *target) {
  const char *name;
  CLEAN_FD int parent = tree_open_plain_parent(path, &name);
  return parent >= 0 && symlinkat(target, parent, name) == 0 ? 0 : fail(path);
}

static int file_operation(const struct operation *op) {
  const char *path = op->args[0].text;
  switch (op->opcode) {
    case OP_MAKE_DIR: return make_dir(op);
    case OP_COPY_TREE: return copy(path, op->args[1].text);
    case OP_REMOVE_TREE: return remove_tree(path);
    case OP_RENAME: return move(path, op->args[1].text);
    case OP_SYMLINK: return make_symlink(path, op->args[1].text);
    case OP_WRITE_FILE: return write_file(op);
    default:
      errno = EINVAL;
      return fail(NULL);
  }
}

static void undo_from(const struct program *program, uint32_t end) {
  struct failure first = failure;
  uint32_t begin = program->first[SECTION_PREPARE];
  // Undo operations stand behind the operation they undo; going backwards, those of one operation keep their order.
  for (uint32_t at = end; at > begin;) {
    uint32_t start = at;
    while (start > begin && program->operations[start - 1].undo) start--;
    for (uint32_t i = start; i < at; i++) {
      fail_clear();
      file_operation(&program->operations[i]);
    }
    at = start == begin ? begin : start - 1;
  }
  // What failed in the first place is what the user has to hear of.
  fail_clear();
  if (first.error != 0) fail(NULL);
  failure = first;
}

void files_undo(const struct program *program) { undo_from(program, program->first[SECTION_CONTAINER]); }

int files_prepare(const struct program *program) {
  for (uint32_t i = program->first[SECTION_PREPARE]; i < program->first[SECTION_CONTAINER]; i++) {
    const struct operation *op = &program->operations[i];
    if (op->undo || (net_is_prepare(op->opcode) ? net_prepare(op) : file_operation(op)) == 0) continue;
    if (op->optional) {
      fail_clear();
      continue;
    }
    fail_where(PHASE_PREPARE, op->index, op->opcode);
    undo_from(program, i);
    return -1;
  }
  return 0;
}

size_t files_clean_up(const struct program *program, char *lines, size_t size) {
  size_t used = 0;
  for (uint32_t i = program->first[SECTION_CLEANUP]; i < program->first[SECTIONS]; i++) {
    const struct operation *op = &program->operations[i];
    fail_clear();
    if (file_operation(op) == 0 || op->optional) continue;
    fail_where(PHASE_CLEANUP, op->index, op->opcode);
    if (size - used > 2400) used += (size_t)fail_line(&failure, lines + used, (unsigned)(size - used));
  }
  fail_clear();
  return used;
}
