#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "log.h"
#include "monitor.h"
#include "net_attendant.h"
#include "util.h"

static struct monitor *current;
static char chunk[FRAME_MAX];

// Input that the container hasn't taken yet. One client's at a time; the others wait.
// Whose it is stands apart, so that the buffer takes no room in the program's file.
static struct { char bytes[FRAME_MAX]; size_t at, used; bool end; } input;
static int input_from = -1;

static const enum frame frames[STREAMS] = {FRAME_STDOUT, FRAME_STDERR};

static void close_input(void) {
  // With a terminal the file goes on being the output.
  close_fd(&current->input);
  attach_input_closed();
}

static void write_input(void) {
  while (input.at < input.used && current->input >= 0) {
    ssize_t put = write(current->input, input.bytes + input.at, input.used - input.at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) close_input();
    else input.at += (size_t)put;
  }
  int client = input_from;
  bool end = input.end && current->settings->stdin_mode == STDIN_ONCE && !current->settings->terminal;
  input.at = input.used = 0;
  input_from = -1;
  input.end = false;
  if (end && current->input >= 0) close_input();
  attach_input_taken(client);
}

static bool on_input(int client, const char *bytes, size_t length, bool end) {
  if (input_from >= 0) return false;
  if (current->input < 0) length = 0;
  memcpy(input.bytes, bytes, length);
  input.used = length;
  input_from = client;
  input.end = end;
  write_input();
  return true;
}

static void on_window(uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  current->window = size;
  // The size is for show; a terminal that is gone by now needs none.
  if (!current->settings->terminal || current->output[0] < 0) return;
  ioctl(current->output[0], TIOCSWINSZ, &size);
  event_resize(current);
}

// A container that has ended takes no signals, and needs none.
static void on_signal(int signal) {
  if (current->pidfd >= 0) pidfd_signal(current->pidfd, signal);
}

// The user's keys, not a client that was killed.
static void on_detach(void) {
  const char *exec_id = current->settings->exec_id;
  if (exec_id == NULL) event_tell(current, 'm', "detach");
  else event_tell(current, 'm', "exec_detach %s", exec_id);
}

static const struct attach_events events = {on_input, on_window, on_signal, on_detach};

// False when the stream has ended, or has nothing for now (errno EAGAIN).
static bool move_output(enum stream stream) {
  ssize_t got = read(current->output[stream], chunk, sizeof chunk);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) {
    errno = 0;
    close_fd(&current->output[stream]);
    return false;
  }
  log_write(stream, chunk, (size_t)got);
  attach_output(frames[stream], chunk, (size_t)got);
  return true;
}

// With init, everything in its pid namespace is dead, so all there is lies in the pipes already. A terminal's bytes may
// still be on their way through the kernel: its end shows as EIO, once no one has it open any more.
static void drain(void) {
  enum { PATIENCE_MS = 100 };
  close_fd(&current->terminal);
  attach_keep_for_later();
  for (int stream = 0; stream < STREAMS; stream++) {
    while (current->output[stream] >= 0) {
      if (log_blocked()) log_wait();
      if (move_output((enum stream)stream)) continue;
      struct pollfd more = {.fd = current->output[stream], .events = POLLIN};
      if (current->output[stream] < 0 || !current->settings->terminal || poll(&more, 1, PATIENCE_MS) <= 0) break;
    }
    close_fd(&current->output[stream]);
    log_end((enum stream)stream);
  }
}

static void read_signals(int signals, bool *stopping) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    *stopping = true;
    if (info.ssi_signo == SIGTERM) on_signal(current->settings->stop_signal);
    else if (info.ssi_signo == SIGUSR2) on_signal(SIGKILL);
    else if (info.ssi_code == SI_QUEUE && info.ssi_int > 0) on_signal(info.ssi_int);
  }
}

static bool wait_once(int signals, bool *stopping) {
  struct pollfd fds[8 + CLIENTS_MAX + 1];
  bool blocked = attach_blocked() || log_blocked();
  fds[0] = (struct pollfd){.fd = current->pidfd, .events = POLLIN};
  fds[1] = (struct pollfd){.fd = signals, .events = POLLIN};
  // A negative descriptor is passed over.
  fds[2] = (struct pollfd){.fd = blocked ? -1 : current->output[0], .events = POLLIN};
  fds[3] = (struct pollfd){.fd = blocked ? -1 : current->output[1], .events = POLLIN};
  // Without events it still tells by POLLERR that nobody reads any more.
  fds[4] = (struct pollfd){.fd = current->settings->terminal && input_from < 0 ? -1 : current->input,
                           .events = input_from >= 0 ? POLLOUT : 0};
  log_poll(&fds[5]);
  fds[6] = oom_poll();
  fds[7] = net_attendant_poll();
  unsigned count = 8 + attach_poll(fds + 8, input_from);
  int ready = poll(fds, count, oom_timeout(log_timeout()));
  if (ready < 0) return true;
  if (fds[1].revents) read_signals(signals, stopping);
  for (int stream = 0; stream < STREAMS; stream++) {
    if (fds[2 + stream].revents && !attach_blocked() && !log_blocked()) move_output((enum stream)stream);
  }
  if (fds[4].revents & (POLLOUT | POLLERR)) {
    if (input_from >= 0) write_input();
    else close_input();
  }
  if (fds[6].revents || ready == 0) oom_handle(current);
  // Not of a container that has just ended.
  if (fds[0].revents == 0) net_attendant_handle(&fds[7], current->init);
  attach_handle(fds + 8, count - 8, &events);
  log_handle();
  fact_log_error(current, false);
  return fds[0].revents == 0;
}

int pump(struct monitor *monitor, int signals, bool *stopping) {
  int status = 0;
  current = monitor;
  attach_set_terminal(monitor->settings->terminal, monitor->input >= 0);
  while (wait_once(signals, stopping)) continue;
  while (waitpid(monitor->init, &status, __WALL) < 0 && errno == EINTR) continue;
  close_fd(&monitor->pidfd);
  drain();
  // What comes too late is nobody's.
  if (input_from >= 0) {
    close_fd(&monitor->input);
    write_input();
  }
  close_fd(&monitor->input);
  fact_log_error(monitor, true);
  return status;
}

bool pump_idle(struct monitor *monitor, int signals, int milliseconds) {
  struct pollfd fds[2 + CLIENTS_MAX + 1];
  bool stopping = false;
  current = monitor;
  for (int64_t until = monotonic_ms() + milliseconds, left = milliseconds; left > 0 && !stopping;
       left = until - monotonic_ms()) {
    fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
    log_poll(&fds[1]);
    unsigned count = 2 + attach_poll(fds + 2, input_from);
    int timeout = log_timeout();
    int ready = poll(fds, count, timeout >= 0 && timeout < left ? timeout : (int)left);
    log_handle();
    if (ready <= 0) continue;
    if (fds[0].revents) read_signals(signals, &stopping);
    attach_handle(fds + 2, count - 2, &events);
  }
  return stopping;
}
