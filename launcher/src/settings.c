#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "util.h"

static const char *const kinds[] = {"mount", "pid", "network", "uts", "ipc", "cgroup", NULL};
static const char *const stdin_modes[] = {"none", "open", "once", NULL};
static const char *const framings[] = {"docker-json",    "cri",      "raw",  "binary",  "syslog-rfc3164",
                                       "syslog-rfc5424", "journald", "gelf", "fluentd", NULL};
static const char *const policies[] = {"no", "on-failure", "always", "unless-stopped", NULL};

static const char *text_or_null(const struct operation *op, unsigned index) {
  return argument_empty(op, index) ? NULL : op->args[index].text;
}

static int map_line(const struct operation *op, const struct operation **lines, unsigned *count) {
  uint64_t number;
  for (unsigned i = 0; i < 3; i++) {
    if (argument_number(op, i, UINT32_MAX, &number) != 0) return -1;
  }
  if (*count == MAX_EXTENTS) {
    errno = E2BIG;
    return fail_detail(NULL, "an id map has more than %d lines", MAX_EXTENTS);
  }
  lines[(*count)++] = op;
  return 0;
}

static int user_namespace(const struct operation *op, struct user_namespace *user) {
  uint64_t linger;
  if (argument_number(op, 1, INT_MAX, &linger) != 0 || argument_flag(op, 4, &user->deny_setgroups) != 0) return -1;
  user->wanted = true;
  user->holder = text_or_null(op, 0);
  user->linger = (uint32_t)linger;
  user->newuidmap = text_or_null(op, 2);
  user->newgidmap = text_or_null(op, 3);
  return 0;
}

static int log_file(const struct operation *op, struct log_settings *log) {
  uint64_t files;
  int framing;
  log->path = op->args[0].text;
  if (argument_word(op, 1, framings, &framing) != 0 || argument_number(op, 3, 10000, &files) != 0) return -1;
  if (!argument_empty(op, 2) && argument_number(op, 2, INT64_MAX, &log->max_size) != 0) return -1;
  log->framing = (enum framing)framing;
  log->max_files = files == 0 ? 1 : (unsigned)files;
  log->attributes = text_or_null(op, 4);
  return op->argc > 5 ? argument_flag(op, 5, &log->compress) : 0;
}

static int log_delivery(const struct operation *op, struct log_settings *log) {
  uint32_t *const numbers[] = {&log->messages, &log->retry_wait, &log->max_retries, &log->write_timeout, &log->renewal};
  for (unsigned i = 0; i < COUNT(numbers); i++) {
    uint64_t number;
    if (argument_number(op, 9 + i, UINT32_MAX, &number) != 0) return -1;
    *numbers[i] = (uint32_t)number;
  }
  return argument_flag(op, 14, &log->holds) | argument_flag(op, 15, &log->acknowledged);
}

static int log_socket(const struct operation *op, struct log_settings *log) {
  uint64_t buffer, number;
  int framing;
  log->address = op->args[0].text;
  if (argument_word(op, 1, framings, &framing) != 0 || argument_flag(op, 2, &log->non_blocking) != 0 ||
      argument_number(op, 3, 1 << 30, &buffer) != 0 || argument_flag(op, 4, &log->required) != 0 ||
      argument_number(op, 5, UINT16_MAX - 3, &number) != 0 || argument_flag(op, 6, &log->subsecond) != 0) {
    return -1;
  }
  log->framing = (enum framing)framing;
  log->buffer = (uint32_t)buffer;
  log->number = (uint32_t)number;
  log->head = op->args[7].text;
  log->head_size = op->args[7].length;
  log->fields = op->args[8].text;
  log->fields_size = op->args[8].length;
  return log_delivery(op, log);
}

static int health(const struct operation *op, struct health_settings *check) {
  uint64_t retries;
  if (argument_number(op, 0, INT64_MAX, &check->interval) != 0 || argument_number(op, 1, INT64_MAX, &check->timeout) != 0 ||
      argument_number(op, 2, INT_MAX, &retries) != 0 || argument_number(op, 3, INT64_MAX, &check->start_period) != 0 ||
      argument_number(op, 4, INT64_MAX, &check->start_interval) != 0) {
    return -1;
  }
  check->retries = (uint32_t)retries;
  check->operation = op;
  return 0;
}

static int setting(const struct operation *op, struct settings *s) {
  uint64_t number;
  int word;
  switch (op->opcode) {
    case OP_DIRECTORY: s->directory = op->args[0].text; return 0;
    case OP_USER_NAMESPACE: return user_namespace(op, &s->user);
    case OP_UID_MAP: return map_line(op, s->user.uids, &s->user.uid_count);
    case OP_GID_MAP: return map_line(op, s->user.gids, &s->user.gid_count);
    case OP_NAMESPACE:
      if (argument_word(op, 0, kinds, &word) != 0) return -1;
      s->namespaces[word].mode = argument_empty(op, 1) ? NAMESPACE_NEW : NAMESPACE_JOINED;
      s->namespaces[word].path = text_or_null(op, 1);
      return 0;
    case OP_JOIN:
      if (argument_number(op, 0, INT_MAX, &number) != 0) return -1;
      s->join_pid = (pid_t)number;
      s->join_start = op->args[1].text;
      return 0;
    case OP_TERMINAL: s->terminal = true; return 0;
    case OP_STDIN:
      if (argument_word(op, 0, stdin_modes, &word) != 0) return -1;
      s->stdin_mode = (enum stdin_mode)word;
      return 0;
    case OP_DETACH: s->detach = true; return 0;
    case OP_ATTACH:
      return argument_flag(op, 0, &s->attach_stdin) | argument_flag(op, 1, &s->attach_stdout) |
             argument_flag(op, 2, &s->attach_stderr);
    case OP_DETACH_KEYS:
      s->detach_keys = op->args[0].text;
      s->detach_key_count = op->args[0].length;
      return 0;
    case OP_SIGNAL_PROXY: return argument_flag(op, 0, &s->signal_proxy);
    case OP_LOG_FILE: return log_file(op, &s->log_file);
    case OP_LOG_SOCKET: return log_socket(op, &s->log_socket);
    case OP_LOG_HELPER: s->log_socket.helper = op; return 0;
    case OP_STOP_SIGNAL:
      if (argument_number(op, 0, 64, &number) != 0) return -1;
      s->stop_signal = (int)number;
      return 0;
    case OP_RESTART:
      if (argument_word(op, 0, policies, &word) != 0 || argument_number(op, 1, INT_MAX, &number) != 0) return -1;
      s->restart = (enum restart_policy)word;
      s->max_retries = (uint32_t)number;
      return 0;
    case OP_EVENTS:
      s->events = op->args[0].text;
      s->exec_id = text_or_null(op, 1);
      return 0;
    case OP_HEALTH: return health(op, &s->health);
    case OP_LEGACY_CGROUP:
      if (s->group_count == MAX_GROUPS) {
        errno = E2BIG;
        return fail(op->args[0].text);
      }
      s->groups[s->group_count++] = op;
      return 0;
    case OP_SCOPE: s->scope = op; return 0;
    case OP_CGROUP_SETTING:
      if (s->limit_count == MAX_LIMITS) return errno = E2BIG, fail(op->args[1].text);
      s->limits[s->limit_count++] = op;
      return 0;
    case OP_PIDFILE: s->pidfile = op->args[0].text; return 0;
    case OP_CGROUP:
      s->cgroup = op->args[0].text;
      s->cgroup_optional = op->optional;
      return 0;
    default:
      errno = EINVAL;
      return fail(NULL);
  }
}

int settings_read(const struct program *program, struct settings *s) {
  *s = (struct settings){.attach_stdout = true, .attach_stderr = true, .stop_signal = SIGTERM,
                         .detach_keys = "\x10\x11", .detach_key_count = 2};
  bool proxy_given = false;
  for (uint32_t i = program->first[SECTION_SETTINGS]; i < program->first[SECTION_PREPARE]; i++) {
    const struct operation *op = &program->operations[i];
    if (setting(op, s) != 0) {
      fail_where(PHASE_SETTINGS, op->index, op->opcode);
      return -1;
    }
    proxy_given |= op->opcode == OP_SIGNAL_PROXY;
  }
  if (!proxy_given) s->signal_proxy = !s->terminal;
  return 0;
}

struct restart settings_restart(const struct settings *settings, int directory) {
  struct restart restart = {settings->restart, settings->max_retries};
  char text[64], name[32];
  unsigned retries;
  if (directory < 0 || read_text(directory, "restart-policy", text, sizeof text) <= 0 ||
      sscanf(text, "%31s %u", name, &retries) != 2) {
    return restart;
  }
  for (int i = 0; policies[i] != NULL; i++) {
    if (strcmp(name, policies[i]) == 0) restart = (struct restart){(enum restart_policy)i, retries};
  }
  return restart;
}
