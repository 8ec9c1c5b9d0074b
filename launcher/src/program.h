// A launch program in memory, checked as a whole before anything of it is carried out (PROGRAM.md).
#ifndef WHERRY_PROGRAM_H
#define WHERRY_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opcode {
#define OPERATION(name, number, text, section, fewest, most) OP_##name = number,
#include "opcodes.h"
#undef OPERATION
};

enum section { SECTION_SETTINGS, SECTION_PREPARE, SECTION_CONTAINER, SECTION_CLEANUP, SECTIONS };

// `text` ends with a NUL that `length` doesn't count.
struct argument { const char *text; uint32_t length; };

struct operation {
  uint16_t opcode;
  bool undo, optional;
  uint16_t argc;
  int32_t index;  // within the section
  const struct argument *args;
};

struct program {
  void *bytes;  // owned; the arguments point into it
  struct operation *operations;
  struct argument *arguments;
  // Operations of a section: operations[first[s]] up to, not including, operations[first[s + 1]].
  uint32_t first[SECTIONS + 1];
};

// 0, or -1 with the failure recorded.
int program_load(const char *path, struct program *program);
int program_parse(const void *bytes, size_t length, struct program *program);

// "" for none.
const char *operation_name(int opcode);

// Arguments that were checked to be what they should be: -1 with the failure recorded otherwise.
int argument_number(const struct operation *op, unsigned index, uint64_t most, uint64_t *number);
int argument_flag(const struct operation *op, unsigned index, bool *flag);
bool argument_empty(const struct operation *op, unsigned index);
// The position of a word in a list that NULL ends.
int argument_word(const struct operation *op, unsigned index, const char *const *words, int *position);

#endif
