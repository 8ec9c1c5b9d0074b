// The health check: a child of the monitor that runs a command in the container again and again, and keeps what came of it.
// A process of its own, so that the monitor of a container without a check is as small, and one with a check as quick.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "monitor.h"
#include "util.h"

// Docker's: what it keeps of the last probes, and how much of what each of them wrote.
enum { RESULTS = 5, OUTPUT_MAX = 4096 };

struct result {
  char start[TIME_SIZE], end[TIME_SIZE];
  int status;  // -1: it wasn't executed, or had to be killed
  bool timed_out, cut;
  unsigned length;
  char output[OUTPUT_MAX];
};

static pid_t attendant;

// ---- in the attendant alone ----

static struct {
  const char *status;
  unsigned streak, count;
  struct result results[RESULTS];
} health = {.status = "starting"};

static struct settings probe_settings;
static struct program probe_program;

static int write_fact(int directory) {
  static char text[RESULTS * (OUTPUT_MAX + 128) + 64];
  int length = snprintf(text, sizeof text, "%s %u\n", health.status, health.streak);
  for (unsigned i = 0; i < health.count; i++) {
    const struct result *r = &health.results[i];
    length += snprintf(text + length, sizeof text - (size_t)length, "%s %s %d %d %d %u\n", r->start, r->end, r->status,
                       r->timed_out, r->cut, r->length);
    memcpy(text + length, r->output, r->length);
    length += (int)r->length;
    text[length++] = '\n';
  }
  return replace_file(directory, "health", 0644, text, (size_t)length);
}

// What concerns a process, out of what makes the container, and the probe's command instead of its own.
static int make_program(const struct program *program, const struct operation *check) {
  uint32_t first = program->first[SECTION_CONTAINER], end = program->first[SECTION_CLEANUP], count = 0;
  struct operation *operations = calloc(end - first + 1, sizeof *operations);
  if (operations == NULL) return -1;
  for (uint32_t i = first; i < end; i++) {
    const struct operation *op = &program->operations[i];
    // 0x05xx is what a process has, by opcodes.h; these three are the container's own.
    if (op->opcode >> 8 != OP_EXECUTE >> 8) continue;
    if (op->opcode == OP_CONSOLE || op->opcode == OP_ARGUMENTS || op->opcode == OP_INIT) continue;
    if (op->opcode == OP_EXECUTE) {
      operations[count++] = (struct operation){.opcode = OP_ARGUMENTS, .index = op->index, .args = check->args + 5,
                                               .argc = (uint16_t)(check->argc - 5)};
    }
    operations[count++] = *op;
  }
  probe_program = (struct program){.operations = operations,
                                   .first = {[SECTION_CONTAINER] = 0, [SECTION_CLEANUP] = count, [SECTIONS] = count}};
  return 0;
}

static void keep_output(struct result *result, int *fd) {
  char chunk[OUTPUT_MAX];
  ssize_t got;
  while ((got = read(*fd, chunk, sizeof chunk)) > 0) {
    unsigned room = OUTPUT_MAX - result->length, taken = (unsigned)got < room ? (unsigned)got : room;
    memcpy(result->output + result->length, chunk, taken);
    result->length += taken;
    result->cut |= taken < (unsigned)got;
  }
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) close_fd(fd);
}

static void say(struct result *result, const char *text) {
  int length = snprintf(result->output, OUTPUT_MAX, "%s", text);
  result->length = (unsigned)(length < OUTPUT_MAX ? length : OUTPUT_MAX - 1);
}

static void await_end(struct monitor *probe, struct result *result, int64_t deadline) {
  int status;
  for (;;) {
    int64_t left = deadline - monotonic_ms();
    struct pollfd fds[] = {{.fd = probe->pidfd, .events = POLLIN},
                           {.fd = probe->output[0], .events = POLLIN},
                           {.fd = probe->output[1], .events = POLLIN}};
    if (left > 0) poll(fds, 3, left > 60000 ? 60000 : (int)left);
    for (int i = 0; i < 2; i++) {
      if (probe->output[i] >= 0) keep_output(result, &probe->output[i]);
    }
    if (fds[0].revents != 0) break;
    if (left > 0) continue;
    result->timed_out = true;
    // With what it has started: it leads a session of its own.
    kill(-probe->init, SIGKILL);
    pidfd_signal(probe->pidfd, SIGKILL);
    break;
  }
  while (waitpid(probe->init, &status, __WALL) < 0 && errno == EINTR) continue;
  if (!result->timed_out) result->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void run_probe(const struct monitor *container, struct result *result) {
  struct monitor probe = {.program = &probe_program, .settings = &probe_settings, .directory = -1, .lock = -1, .users = -1,
                          .upper_lock = -1, .pidfd = -1, .input = -1, .output = {-1, -1}, .terminal = -1};
  unsigned char random[32];
  char id[2 * sizeof random + 1];
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) memset(random, 0, sizeof random);
  for (unsigned i = 0; i < sizeof random; i++) snprintf(id + 2 * i, 3, "%02x", random[i]);
  result->status = -1;
  result->timed_out = result->cut = false;
  result->length = 0;
  now_text(result->start);
  event_tell(container, 'p', "probe %s", id);
  fail_clear();
  if (container_start(&probe) == 0) await_end(&probe, result, monotonic_ms() + container->settings->health.timeout);
  else say(result, failure.detail[0] != '\0' ? failure.detail : strerror(failure.error));
  now_text(result->end);
  event_tell(container, 'p', "exec_die %s %d", id, result->status);
  close_fd(&probe.pidfd);
  for (int i = 0; i < 2; i++) close_fd(&probe.output[i]);
}

static bool is_frozen(const struct settings *settings) {
  char path[4096], text[16];
  if (settings->cgroup == NULL) return false;
  snprintf(path, sizeof path, "%s/cgroup.freeze", settings->cgroup);
  return read_text(AT_FDCWD, path, text, sizeof text) > 0 && text[0] == '1';
}

static void judge(const struct monitor *container, const struct result *result, bool in_start_period) {
  const struct health_settings *check = &container->settings->health;
  const char *before = health.status;
  if (result->status == 0) {
    health.streak = 0;
    health.status = "healthy";
  } else if (strcmp(before, "starting") != 0 || !in_start_period) {
    health.streak++;
    if (health.streak >= check->retries) health.status = "unhealthy";
  }
  if (health.status != before) event_tell(container, 'h', "health_status %s", health.status);
}

static _Noreturn void attend(const struct monitor *container, int directory, pid_t monitor) {
  const struct health_settings *check = &container->settings->health;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "wherry-health");
  // The container's end shows by the end of its pipes, the monitor's by its lock: nothing of them may stay open here.
  if (getppid() != monitor || dup3(directory, 3, O_CLOEXEC) < 0 || syscall(SYS_close_range, 4, ~0u, 0) != 0) _exit(1);
  probe_settings = *container->settings;
  probe_settings.terminal = false;
  probe_settings.own_session = true;
  probe_settings.stdin_mode = STDIN_NONE;
  probe_settings.cgroup_optional = true;
  for (int i = 0; i < NAMESPACES; i++) probe_settings.namespaces[i].mode = NAMESPACE_SHARED;
  char start[24];
  if (!process_start_time(container->init, start) || make_program(container->program, check->operation) != 0) _exit(1);
  probe_settings.join_pid = container->init;
  probe_settings.join_start = start;
  int64_t began = monotonic_ms();
  for (;;) {
    bool hasty = monotonic_ms() - began < (int64_t)check->start_period && strcmp(health.status, "starting") == 0;
    int64_t wait = (int64_t)(hasty ? check->start_interval : check->interval);
    struct timespec pause = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR) continue;
    if (is_frozen(container->settings)) continue;
    if (health.count == RESULTS) memmove(health.results, health.results + 1, sizeof *health.results * --health.count);
    struct result *result = &health.results[health.count];
    bool in_start_period = monotonic_ms() - began < (int64_t)check->start_period;
    run_probe(container, result);
    // Stopped in the middle, or killed with all that its first process leaves behind, it says nothing of the container.
    if (is_frozen(container->settings) || process_is_ending(container->init)) continue;
    health.count++;
    judge(container, result, in_start_period);
    write_fact(3);
  }
}

// ---- in the monitor ----

void health_start(const struct monitor *monitor) {
  if (monitor->settings->health.operation == NULL || monitor->directory < 0) return;
  static const char fresh[] = "starting 0\n";
  replace_file(monitor->directory, "health", 0644, fresh, sizeof fresh - 1);
  pid_t self = getpid();
  attendant = fork();
  if (attendant == 0) attend(monitor, monitor->directory, self);
}

void health_stop(void) {
  if (attendant <= 0) return;
  kill(attendant, SIGKILL);
  while (waitpid(attendant, NULL, 0) < 0 && errno == EINTR) continue;
  attendant = 0;
}
