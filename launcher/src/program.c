#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

enum { VERSION = 1, HEADER_SIZE = 16, MAX_BYTES = 16 * 1024 * 1024, MANY = 65535 };
enum { FLAG_UNDO = 0x8000, FLAG_OPTIONAL = 0x4000, NUMBER_MASK = 0x3fff };
enum place { ANY = 1, SETTINGS = 2, FILES = 4, CONTAINER = 8, NETWORK = 16 };

static const struct shape {
  const char *name;
  uint16_t number, fewest, most;
  uint8_t place;
} shapes[] = {
#define OPERATION(name, number, text, section, fewest, most) {text, number, fewest, most, section},
#include "opcodes.h"
#undef OPERATION
};

static const char *const section_names[] = {"settings", "prepare", "container", "cleanup", NULL};
static const uint8_t section_places[] = {SETTINGS, FILES | NETWORK, CONTAINER, FILES};

static const struct shape *shape_of(int opcode) {
  for (size_t i = 0; i < COUNT(shapes); i++) {
    if (shapes[i].number == opcode) return &shapes[i];
  }
  return NULL;
}

const char *operation_name(int opcode) {
  const struct shape *shape = shape_of(opcode);
  return shape == NULL ? "" : shape->name;
}

struct cursor { const unsigned char *at; size_t left; };

static bool take(struct cursor *in, size_t length, const unsigned char **bytes) {
  if (in->left < length) return false;
  *bytes = in->at;
  in->at += length;
  in->left -= length;
  return true;
}

static bool take_u16(struct cursor *in, uint16_t *value) {
  const unsigned char *b;
  if (!take(in, 2, &b)) return false;
  *value = (uint16_t)(b[0] | b[1] << 8);
  return true;
}

static bool take_u32(struct cursor *in, uint32_t *value) {
  const unsigned char *b;
  if (!take(in, 4, &b)) return false;
  *value = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
  return true;
}

static bool may_hold_nul(int opcode, unsigned index) {
  return (opcode == OP_WRITE_FILE && index == 2) || (opcode == OP_ROOTFS_FILE && index == 2) ||
         (opcode == OP_SECCOMP && index == 1) || (opcode == OP_DETACH_KEYS && index == 0) ||
         (opcode == OP_LOG_SOCKET && index >= 7);
}

// Sizes of both passes: the first counts, the second fills in.
struct filling { uint32_t operations, arguments; int section; };

static int bad(int index, const char *what) {
  errno = EINVAL;
  return fail_detail(NULL, "the launch program is damaged: operation %d %s", index, what);
}

static int parse_operation(struct cursor *in, struct program *program, struct filling *fill, int number) {
  uint32_t length;
  uint16_t word, argc;
  struct cursor body = {0};
  if (!take_u32(in, &length) || !take(in, length, &body.at)) return bad(number, "is cut off");
  body.left = length;
  if (!take_u16(&body, &word) || !take_u16(&body, &argc)) return bad(number, "has no opcode");
  const struct shape *shape = shape_of(word & NUMBER_MASK);
  if (shape == NULL) return bad(number, "is unknown");
  if (argc < shape->fewest || argc > shape->most) return bad(number, "has a wrong number of arguments");
  uint32_t first = fill->arguments;
  for (unsigned i = 0; i < argc; i++) {
    uint32_t size;
    const unsigned char *bytes;
    if (!take_u32(&body, &size) || size > body.left || !take(&body, (size_t)size + 1, &bytes)) {
      return bad(number, "has an argument that is cut off");
    }
    if (bytes[size] != '\0') return bad(number, "has an argument without its end");
    if (!may_hold_nul(shape->number, i) && memchr(bytes, '\0', size) != NULL) return bad(number, "has a NUL in text");
    if (program->arguments != NULL) program->arguments[first + i] = (struct argument){(const char *)bytes, size};
    fill->arguments++;
    if (shape->number == OP_SECTION) {
      int next = fill->section + 1;
      if (next >= SECTIONS || strcmp((const char *)bytes, section_names[next]) != 0) {
        return bad(number, "begins a section out of order");
      }
      fill->section = next;
      program->first[next] = fill->operations;
    }
  }
  if (body.left != 0) return bad(number, "has something behind its arguments");
  if (shape->number == OP_SECTION) return 0;
  if (fill->section < 0 || (section_places[fill->section] & shape->place) == 0) {
    return bad(number, "stands in a section where it doesn't belong");
  }
  bool undo = (word & FLAG_UNDO) != 0;
  uint32_t begin = program->first[fill->section];
  // What a plan does to links and rules is taken back by the process that does it.
  bool undoable = fill->section == SECTION_PREPARE || shape->number >> 8 == OP_LINK_ADD >> 8;
  if (undo && (!undoable || fill->operations == begin)) {
    return bad(number, "undoes nothing");
  }
  if (program->operations != NULL) {
    program->operations[fill->operations] = (struct operation){
        .opcode = shape->number, .undo = undo, .optional = (word & FLAG_OPTIONAL) != 0, .argc = argc,
        .index = (int32_t)(fill->operations - begin), .args = program->arguments + first};
  }
  fill->operations++;
  return 0;
}

static int pass(struct cursor in, uint32_t count, struct program *program, struct filling *fill) {
  for (uint32_t i = 0; i < count; i++) {
    if (parse_operation(&in, program, fill, (int)i) != 0) return -1;
  }
  if (in.left != 0) return bad((int)count, "isn't counted");
  if (fill->section != SECTIONS - 1) return bad((int)count, "is missing: not all sections are there");
  program->first[SECTIONS] = fill->operations;
  return 0;
}

int program_parse(const void *bytes, size_t length, struct program *program) {
  struct cursor in = {bytes, length};
  const unsigned char *magic;
  uint32_t version, count;
  if (!take(&in, 8, &magic) || memcmp(magic, "WHERRYLP", 8) != 0 || !take_u32(&in, &version)) {
    errno = EINVAL;
    return fail_detail(NULL, "this is not a launch program");
  }
  if (version != VERSION) {
    errno = EINVAL;
    return fail_detail(NULL, "the launch program has version %u, this launcher takes %d", version, VERSION);
  }
  if (!take_u32(&in, &count)) return bad(0, "is cut off");
  *program = (struct program){0};
  struct filling sizes = {.section = -1};
  if (pass(in, count, program, &sizes) != 0) return -1;
  program->operations = calloc(sizes.operations + 1, sizeof *program->operations);
  program->arguments = calloc(sizes.arguments + 1, sizeof *program->arguments);
  if (program->operations == NULL || program->arguments == NULL) return fail(NULL);
  struct filling fill = {.section = -1};
  return pass(in, count, program, &fill);
}

int program_load(const char *path, struct program *program) {
  CLEAN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) return fail(path);
  if (!S_ISREG(about.st_mode) || about.st_size > MAX_BYTES) {
    errno = EINVAL;
    return fail_detail(path, "%s is not a launch program", path);
  }
  size_t size = (size_t)about.st_size, have = 0;
  char *bytes = malloc(size + 1);
  if (bytes == NULL) return fail(path);
  while (have < size) {
    ssize_t got = read(fd, bytes + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(path);
    if (got == 0) break;
    have += (size_t)got;
  }
  if (program_parse(bytes, have, program) != 0) return -1;
  program->bytes = bytes;
  return 0;
}

int argument_number(const struct operation *op, unsigned index, uint64_t most, uint64_t *number) {
  if (parse_number(op->args[index].text, most, number)) return 0;
  errno = EINVAL;
  return fail_detail(op->args[index].text, "%s: \"%s\" is not a number up to %llu", operation_name(op->opcode),
                     op->args[index].text, (unsigned long long)most);
}

int argument_flag(const struct operation *op, unsigned index, bool *flag) {
  uint64_t number;
  if (argument_number(op, index, 1, &number) != 0) return -1;
  *flag = number == 1;
  return 0;
}

bool argument_empty(const struct operation *op, unsigned index) { return op->args[index].length == 0; }

int argument_word(const struct operation *op, unsigned index, const char *const *words, int *position) {
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], op->args[index].text) == 0) {
      *position = i;
      return 0;
    }
  }
  errno = EINVAL;
  return fail_detail(op->args[index].text, "%s: \"%s\" is not a word it knows", operation_name(op->opcode),
                     op->args[index].text);
}
