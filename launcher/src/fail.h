// The one failure a process of the launcher ends with: recorded where it happens, completed on the way up, reported once.
#ifndef WHERRY_FAIL_H
#define WHERRY_FAIL_H

#include <stdint.h>

enum phase { PHASE_CLIENT, PHASE_SETTINGS, PHASE_NAMESPACE, PHASE_PREPARE, PHASE_CONTAINER, PHASE_CLEANUP };

// Exit statuses of Docker's CLI that aren't the container's own.
enum { STATUS_LAUNCHER = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

// Sent as it is between processes of one launcher.
struct failure {
  int32_t phase;
  int32_t index;   // of the operation within its section; -1 for none
  int32_t opcode;  // 0 for none
  int32_t error;   // errno, 0 for none
  int32_t status;  // the exit status that follows
  char path[1024];
  char detail[1024];
};

extern struct failure failure;

// Each records errno and answers with -1. `path` and `detail` may be NULL; what is recorded already is kept until
// fail_clear().
int fail(const char *path);
int fail_detail(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_status(int status, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));
void fail_clear(void);
// Completes a recorded failure by where it happened.
void fail_where(enum phase phase, int index, int opcode);
// A failure as one line of fields (PROGRAM.md, "Failures"); answers with its length.
int fail_line(const struct failure *f, char *line, unsigned size);
// Writes the line to WHERRY_LAUNCHER_ERRORS' descriptor, else a sentence and a hint to standard error.
void fail_report(const struct failure *f);

#endif
