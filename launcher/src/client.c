#include "client.h"

#include <errno.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "attach.h"
#include "fail.h"
#include "util.h"

static struct {
  const struct client_options *options;
  int monitor;
  bool reading;    // standard input is open and wanted
  bool may_send;   // the monitor has taken the last input
  unsigned matched;  // of the detach keys
} client;

static struct { char bytes[FRAME_MAX]; size_t at, used; int fd; } output;

static struct termios cooked;
static bool raw;

static void restore_terminal(void) {
  if (raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
  raw = false;
}

static void make_raw(void) {
  struct termios mode;
  if (!client.options->terminal || !client.options->attach_stdin || tcgetattr(STDIN_FILENO, &cooked) != 0) return;
  mode = cooked;
  cfmakeraw(&mode);
  raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

static int send_frame(enum frame frame, const void *bytes, size_t length) {
  char type = (char)frame;
  struct iovec parts[] = {{&type, 1}, {(void *)bytes, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t sent;
  while ((sent = sendmsg(client.monitor, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
  return sent < 0 ? -1 : 0;
}

// `more` rows and columns than there are.
static void send_window(int more) {
  struct winsize size;
  if (!client.options->terminal) return;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return;
  unsigned rows = size.ws_row + (unsigned)more, columns = size.ws_col + (unsigned)more;
  unsigned char words[] = {(unsigned char)rows, (unsigned char)(rows >> 8), (unsigned char)columns, (unsigned char)(columns >> 8)};
  send_frame(FRAME_WINDOW, words, sizeof words);
}

// Signals that Docker's client doesn't pass on, or that are the shell's to handle.
static bool stays_here(int signal) {
  return signal == SIGCHLD || signal == SIGPIPE || signal == SIGURG || signal == SIGWINCH || signal == SIGTTIN ||
         signal == SIGTTOU || signal == SIGCONT || signal == SIGSTOP || signal == SIGKILL ||
         (client.options->terminal && signal == SIGTSTP);
}

static int take_signals(void) {
  sigset_t taken;
  sigemptyset(&taken);
  signal(SIGPIPE, SIG_IGN);
  sigaddset(&taken, SIGWINCH);
  sigaddset(&taken, SIGCONT);
  for (int number = 1; number < 65; number++) {
    // Without the proxy those that end a process still must find the terminal restored.
    bool ends = number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
    if ((client.options->signal_proxy && !stays_here(number)) || (ends && client.options->terminal)) sigaddset(&taken, number);
  }
  sigprocmask(SIG_BLOCK, &taken, NULL);
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void end_by_signal(int number) {
  sigset_t one;
  restore_terminal();
  signal(number, SIG_DFL);
  sigemptyset(&one);
  sigaddset(&one, number);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void read_signals(int fd) {
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) == sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGCONT) {
      // The shell has set the terminal as it likes it.
      if (raw) make_raw();
      send_window(0);
    } else if (number == SIGWINCH) {
      send_window(0);
    } else if (client.options->signal_proxy) {
      unsigned char byte = (unsigned char)number;
      send_frame(FRAME_SIGNAL, &byte, 1);
    } else {
      end_by_signal(number);
    }
  }
}

// Looks for the detach keys, of which an unfinished beginning is held back. Answers true when they are complete; else
// *length is how many bytes there are to send.
static bool find_detach_keys(const char *bytes, size_t got, char *sent, size_t *length) {
  const struct client_options *o = client.options;
  *length = 0;
  for (size_t i = 0; i < got; i++) {
    for (;;) {
      if (o->detach_key_count > 0 && bytes[i] == o->detach_keys[client.matched]) {
        client.matched++;
        break;
      }
      if (client.matched == 0) {
        sent[(*length)++] = bytes[i];
        break;
      }
      // It began like them; those bytes were meant for the container after all.
      memcpy(sent + *length, o->detach_keys, client.matched);
      *length += client.matched;
      client.matched = 0;
    }
    if (o->detach_key_count > 0 && client.matched == o->detach_key_count) return true;
  }
  return false;
}

// True when the user detaches.
static bool read_input(void) {
  static char typed[FRAME_MAX / 2], sent[FRAME_MAX];
  size_t length;
  ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (got <= 0) {
    client.reading = client.may_send = false;
    send_frame(FRAME_INPUT_END, "", 0);
    return false;
  }
  if (!raw) {
    client.may_send = false;
    send_frame(FRAME_INPUT, typed, (size_t)got);
    return false;
  }
  bool detach = find_detach_keys(typed, (size_t)got, sent, &length);
  if (length > 0) {
    client.may_send = false;
    send_frame(FRAME_INPUT, sent, length);
  }
  return detach;
}

enum { GOES_ON = -1, DETACHED = 0 };

static int detach(void) {
  send_frame(FRAME_DETACH, "", 0);
  restore_terminal();
  if (!client.options->says_detached) return DETACHED;
  dprintf(STDERR_FILENO, "read escape sequence\n");
  return EXIT_FAILURE;
}

// Whole for files, and never more than fits at once elsewhere: signals must not wait for a slow reader. For pipes newer
// kernels see to that themselves (RWF_NOWAIT, Linux 6.4); else a page always fits where poll(2) says that something does.
static ssize_t write_now(int fd, const char *bytes, size_t length) {
  static bool not_for_pipes;
  struct stat about = {.st_mode = 0};
  bool known = fstat(fd, &about) == 0;
  if (known && S_ISREG(about.st_mode)) return write(fd, bytes, length);
  if (known && S_ISFIFO(about.st_mode) && !not_for_pipes) {
    struct iovec part = {(void *)bytes, length};
    ssize_t put = syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, RWF_NOWAIT);
    if (put >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS)) return put;
    not_for_pipes = true;
  }
  return write(fd, bytes, length < 4096 ? length : 4096);
}

static int write_output(void) {
  ssize_t put = write_now(output.fd, output.bytes + output.at, output.used - output.at);
  if (put < 0 && (errno == EINTR || errno == EAGAIN)) return GOES_ON;
  if (put >= 0) {
    output.at += (size_t)put;
    return GOES_ON;
  }
  // As of any program whose reader goes away; the container goes on, as Docker's does.
  if (errno == EPIPE) end_by_signal(SIGPIPE);
  restore_terminal();
  fail_detail(NULL, "the container's output can't be written: %s; it goes on without", strerror(errno));
  fail_report(&failure);
  return STATUS_LAUNCHER;
}

static int take_frame(void) {
  static char frame[FRAME_MAX + 1];
  ssize_t got = recv(client.monitor, frame, sizeof frame, 0);
  // ECONNRESET: it has ended with input of ours unread. Said once; what it sent before comes next.
  if (got < 0 && (errno == EINTR || errno == ECONNRESET)) return GOES_ON;
  if (got <= 0) {
    errno = 0;
    fail_status(STATUS_LAUNCHER, NULL, "the container's monitor has ended without a word; the container was killed with it");
    fail_report(&failure);
    return STATUS_LAUNCHER;
  }
  size_t length = (size_t)got - 1;
  switch (frame[0]) {
    case FRAME_STDOUT:
    case FRAME_STDERR:
      memcpy(output.bytes, frame + 1, length);
      output.at = 0;
      output.used = length;
      output.fd = frame[0] == FRAME_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
      return GOES_ON;
    case FRAME_INPUT_TAKEN: client.may_send = true; return GOES_ON;
    case FRAME_INPUT_CLOSED: client.reading = false; return GOES_ON;
    case FRAME_STARTED: return client.options->detach ? DETACHED : GOES_ON;
    case FRAME_EXITED: return length == 1 ? (unsigned char)frame[1] : STATUS_LAUNCHER;
    case FRAME_FAILED:
      if (length != sizeof failure) return STATUS_LAUNCHER;
      memcpy(&failure, frame + 1, sizeof failure);
      restore_terminal();
      fail_report(&failure);
      return failure.status;
    default: return GOES_ON;
  }
}

// Those that the process had before it became the launcher, as Node.js behind its front. Its own are the monitor alone, of
// whose end it hears from its socket.
static void forget_children(void) {
  signal(SIGCHLD, SIG_IGN);
  while (waitpid(-1, NULL, WNOHANG) > 0) continue;
}

int client_main(int monitor, const struct client_options *options) {
  forget_children();
  client.options = options;
  client.monitor = monitor;
  client.reading = options->attach_stdin && !options->detach;
  client.may_send = true;
  int status = GOES_ON;
  CLEAN_FD int signals = options->detach ? -1 : take_signals();
  if (!options->detach) make_raw();
  // Only another size than before has a program draw its screen.
  if (options->redraw) send_window(1);
  if (options->redraw) send_window(0);
  while (status == GOES_ON) {
    bool writing = output.at < output.used;
    struct pollfd fds[] = {
        {.fd = writing ? output.fd : -1, .events = POLLOUT},
        {.fd = writing ? -1 : monitor, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
        {.fd = client.reading && client.may_send ? STDIN_FILENO : -1, .events = POLLIN},
    };
    if (poll(fds, COUNT(fds), -1) < 0) continue;
    if (fds[2].revents) read_signals(signals);
    if (fds[0].revents) status = write_output();
    if (fds[1].revents && status == GOES_ON) status = take_frame();
    if (fds[3].revents && status == GOES_ON && read_input()) status = detach();
  }
  restore_terminal();
  return status;
}
