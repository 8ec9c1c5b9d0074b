// The process beside each container: starts it, moves its bytes, records its end.
#ifndef WHERRY_MONITOR_H
#define WHERRY_MONITOR_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "program.h"
#include "settings.h"

struct monitor {
  const struct program *program;
  const struct settings *settings;
  int directory, lock, users, upper_lock;  // -1 for none
  struct winsize window;                   // of the first client's terminal; rows 0 for none
  // The running container.
  pid_t init;
  int pidfd;
  int input, output[2];  // our ends; with a terminal the same file, in input and output[0]
  int terminal;          // its other end, which keeps it from hanging up
  uint64_t oom_kills;    // counted by the cgroup when it started
  uint64_t oom_told;     // of which the core knows
};

// Runs as the monitor; `client` is the socket to the process that started it. Never returns.
_Noreturn void monitor_main(const struct program *program, struct settings *settings, int client,
                            const struct winsize *window);

// start.c: makes the container's process and waits until it has executed its command. 0, or -1 with the failure recorded.
int container_start(struct monitor *monitor);

// pump.c: moves bytes between container and clients until the container's init has ended and all its output is through.
// Signals are read from `signals`; `stopping` is set when no restart may follow. The status of waitpid(2).
int pump(struct monitor *monitor, int signals, bool *stopping);
// Serves clients for a time in which no container runs; true when it is to stop for good.
bool pump_idle(struct monitor *monitor, int signals, int milliseconds);

// health.c: the process that checks the container's health, from each start to the end that follows. Nothing without a check.
void health_start(const struct monitor *monitor);
void health_stop(void);

// event.c: an event for the core's books, as words (PROGRAM.md, "Events"). `writer` tells apart those that write at one time.
void event_tell(const struct monitor *monitor, char writer, const char *format, ...) __attribute__((format(printf, 3, 4)));

// The size of the container's terminal; an exec's is told to nobody. Of a writer of their own, since a window that is dragged
// makes many.
void event_resize(const struct monitor *monitor);

// fact.c: the files that tell the core what happened.
struct ending { int status, signal; bool out_of_memory; };
int fact_started(const struct monitor *monitor);
int fact_restarting(const struct monitor *monitor, unsigned count, const struct ending *ending, unsigned delay_ms);
int fact_exited(const struct monitor *monitor, const struct ending *ending);
int fact_oom(const struct monitor *monitor);
int fact_start_error(const struct monitor *monitor);
// While the container runs, not for every line that is dropped.
int fact_log_error(const struct monitor *monitor, bool final);
int fact_cleanup_errors(const struct monitor *monitor, const char *lines, size_t length);

// oom.c: kills for want of memory, told as they happen. Counted by the container's cgroup; 0 when it has none.
uint64_t oom_kills(const struct monitor *monitor);
void oom_watch(struct monitor *monitor);
void oom_unwatch(void);
struct pollfd oom_poll(void);
// How long poll(2) may wait, when all else lets it wait for `other` milliseconds.
int oom_timeout(int other);
void oom_handle(struct monitor *monitor);

#endif
