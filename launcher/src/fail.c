#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "util.h"

struct failure failure;
static bool recorded;

static void record(const char *path) {
  failure.error = errno;
  failure.status = STATUS_LAUNCHER;
  failure.index = -1;
  failure.path[0] = failure.detail[0] = '\0';
  if (path != NULL) snprintf(failure.path, sizeof failure.path, "%s", path);
  recorded = true;
}

int fail(const char *path) {
  if (!recorded) record(path);
  return -1;
}

int fail_detail(const char *path, const char *format, ...) {
  if (recorded) return -1;
  record(path);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure.detail, sizeof failure.detail, format, arguments);
  va_end(arguments);
  return -1;
}

int fail_status(int status, const char *path, const char *format, ...) {
  if (recorded) return -1;
  record(path);
  failure.status = status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure.detail, sizeof failure.detail, format, arguments);
  va_end(arguments);
  return -1;
}

void fail_clear(void) {
  recorded = false;
  memset(&failure, 0, sizeof failure);
}

void fail_where(enum phase phase, int index, int opcode) {
  if (!recorded) record(NULL);
  failure.phase = phase;
  failure.index = index;
  failure.opcode = opcode;
}

static const char *const phases[] = {"client", "settings", "namespace", "prepare", "container", "cleanup"};

// strerror's words are for people, these for programs.
static const char *error_name(int error) {
  switch (error) {
#define NAME(e) case e: return #e;
    NAME(EPERM) NAME(ENOENT) NAME(ESRCH) NAME(EINTR) NAME(EIO) NAME(ENXIO) NAME(E2BIG) NAME(ENOEXEC) NAME(EBADF)
    NAME(ECHILD) NAME(EAGAIN) NAME(ENOMEM) NAME(EACCES) NAME(EFAULT) NAME(EBUSY) NAME(EEXIST) NAME(EXDEV) NAME(ENODEV)
    NAME(ENOTDIR) NAME(EISDIR) NAME(EINVAL) NAME(ENFILE) NAME(EMFILE) NAME(ENOTTY) NAME(ETXTBSY) NAME(EFBIG)
    NAME(ENOSPC) NAME(ESPIPE) NAME(EROFS) NAME(EMLINK) NAME(EPIPE) NAME(ERANGE) NAME(ENAMETOOLONG) NAME(ENOSYS)
    NAME(ENOTEMPTY) NAME(ELOOP) NAME(EOVERFLOW) NAME(EOPNOTSUPP) NAME(EUSERS) NAME(EDQUOT) NAME(ESTALE) NAME(EPROTO)
    NAME(ECONNREFUSED) NAME(ECONNRESET) NAME(EADDRINUSE)
#undef NAME
    default: return "";
  }
}

struct text { char *at, *end; };

static void put(struct text *out, const char *word) {
  for (; *word != '\0' && out->at + 2 < out->end; word++) {
    const char *special = strchr("\tt\nn\\\\", *word);
    if (*word == '\t' || *word == '\n' || *word == '\\') {
      *out->at++ = '\\';
      *out->at++ = special[1];
    } else {
      *out->at++ = *word;
    }
  }
}

int fail_line(const struct failure *f, char *line, unsigned size) {
  char head[128];
  snprintf(head, sizeof head, "%d", f->index);
  struct text out = {line, line + size - 8};
  const char *fields[] = {"wherry-failure", phases[f->phase], head, operation_name(f->opcode), NULL, error_name(f->error),
                          NULL, f->path, f->detail};
  char error[16], status[16];
  snprintf(error, sizeof error, "%d", f->error);
  snprintf(status, sizeof status, "%d", f->status);
  fields[4] = error;
  fields[6] = status;
  for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (i > 0) *out.at++ = '\t';
    out.end = line + size - 8 - (sizeof fields / sizeof *fields - i);
    put(&out, fields[i]);
  }
  *out.at++ = '\n';
  *out.at = '\0';
  return (int)(out.at - line);
}

static bool setting_is(const char *path, char value) {
  char text[16];
  return read_text(AT_FDCWD, path, text, sizeof text) > 0 && text[0] == value && text[1] == '\n';
}

static bool has_seccomp_filter(void) {
  static char status[8192];
  return read_text(AT_FDCWD, "/proc/self/status", status, sizeof status) > 0 && strstr(status, "\nSeccomp:\t2") != NULL;
}

// Which of the switches it is.
static const char *namespaces_hint(void) {
  if (setting_is("/proc/sys/user/max_user_namespaces", '0')) {
    return "Ask the administrator for: sysctl -w user.max_user_namespaces=15000";
  }
  if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", '0')) {
    return "They are for root alone here: ask the administrator for: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1')) {
    return "AppArmor gives programs in user namespaces no privileges here: ask the administrator for a profile with \"userns,\" "
           "for the launcher, or for: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (has_seccomp_filter()) {
    return "This shell is in a container or sandbox whose seccomp filter forbids it; docker and podman lift theirs by "
           "--security-opt seccomp=unconfined.";
  }
  return NULL;
}

// What to do, for the failures that an ordinary user is likely to meet.
static const char *hint(const struct failure *f) {
  if (strstr(f->detail, "newuidmap:") != NULL || strstr(f->detail, "newgidmap:") != NULL) {
    return "That program writes the id map, and has to be set-user-ID root (or have the file capability) on a file system "
           "that isn't mounted nosuid: ask the administrator.";
  }
  if (strstr(f->detail, "too revealing") != NULL) {
    return "This shell is in a container itself, which hides a part of /proc or /sys; docker and podman show all of it by "
           "--security-opt systempaths=unconfined.";
  }
  if (f->error == ENOSYS) return "Linux 5.10 or later is needed, and no seccomp filter that hides its system calls.";
  if (f->phase == PHASE_NAMESPACE && (f->error == ENOSPC || f->error == EPERM || f->error == EUSERS)) {
    const char *found = namespaces_hint();
    if (found != NULL) return found;
    return "See `sysctl user.max_user_namespaces kernel.unprivileged_userns_clone "
           "kernel.apparmor_restrict_unprivileged_userns`: an administrator can allow user namespaces there.";
  }
  if (f->error == ENOSPC) return "Free some space on the file system, or raise its limits.";
  if (f->error == EDQUOT) return "The disk quota is used up: remove what isn't needed.";
  if (f->opcode == OP_USER && f->error == EINVAL) {
    return "Without a range in /etc/subuid and /etc/subgid a container has the id 0 alone; ask the administrator for a range.";
  }
  return NULL;
}

static const char *reason(const struct failure *f) {
  if (f->phase == PHASE_NAMESPACE && f->opcode == OP_USER_NAMESPACE &&
      (f->error == ENOSPC || f->error == EPERM || f->error == EUSERS)) {
    return "user namespaces are used up or switched off";
  }
  if (f->phase == PHASE_NAMESPACE && f->error == EPERM) return "a user namespace gives no privileges here";
  return f->error == 0 ? "" : strerror(f->error);
}

static void sentence(const struct failure *f, char *text, unsigned size) {
  const char *name = operation_name(f->opcode), *why = reason(f);
  if (f->detail[0] != '\0') {
    snprintf(text, size, "%s", f->detail);
  } else if (f->path[0] != '\0') {
    snprintf(text, size, "%s%s%s: %s", name, name[0] == '\0' ? "" : " ", f->path, why);
  } else {
    snprintf(text, size, "%s%s%s", name, name[0] == '\0' ? "" : ": ", why);
  }
}

void fail_report(const struct failure *f) {
  static char text[2400];
  const char *descriptor = getenv("WHERRY_LAUNCHER_ERRORS");
  if (descriptor != NULL) {
    int length = fail_line(f, text, sizeof text);
    if (write(atoi(descriptor), text, (size_t)length) == length) return;
  }
  sentence(f, text, sizeof text);
  dprintf(STDERR_FILENO, "wherry: %s\n", text);
  const char *help = hint(f);
  if (help != NULL) dprintf(STDERR_FILENO, "%s\n", help);
}
