#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

extern char **environ;

enum { MESSAGE_MAX = 32 * 1024 };

static struct {
  pid_t pid;
  int pidfd, channel, signals;
  int ending;  // the last signal that asked for an end, which Node.js may not have lived to see
} node;

// As Node.js does: what is opened later must not be taken for one of the three.
static void fill_streams(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFL) < 0) open("/dev/null", O_RDWR);
  }
}

static _Noreturn void execute(char **argv) {
  execv(argv[0], argv);
  int error = errno;
  dprintf(STDERR_FILENO, "wherry: %s can't be executed: %s\n", argv[0], strerror(error));
  _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

static _Noreturn void become_node(char **argv, int channel, pid_t front) {
  char where[32];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Node.js makes the channel close-on-exec, as whatever it inherits up to a gap (uv_disable_stdio_inheritance).
  snprintf(where, sizeof where, "%d:%d", channel, (int)front);
  if (getppid() != front || setenv("WHERRY_FRONT", where, 1) != 0) _exit(STATUS_LAUNCHER);
  execute(argv);
}

// Those that stop it, or do nothing to it, may go on to.
static int take_signals(void) {
  static const int left[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGWINCH, SIGURG};
  sigset_t taken;
  sigfillset(&taken);
  for (unsigned i = 0; i < COUNT(left); i++) sigdelset(&taken, left[i]);
  sigprocmask(SIG_BLOCK, &taken, NULL);
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

// What the kernel sends to the terminal's foreground, Node.js gets as well; what a process sends, it is told of. To go on,
// as a shell says to both and kill(1) to one, may be said twice.
static void read_signals(void) {
  struct signalfd_siginfo info;
  while (read(node.signals, &info, sizeof info) == sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT) node.ending = number;
    if (info.ssi_code != SI_KERNEL || number == SIGCONT) pidfd_signal(node.pidfd, number);
  }
}

// As Node.js does with what it inherits.
static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < 65; number++) signal(number, number == SIGPIPE || number == SIGXFSZ ? SIG_IGN : SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void end_by(int number) {
  // One core is enough.
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  reset_signals();
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}

static _Noreturn void end_as_node(void) {
  int status;
  while (waitpid(node.pid, &status, 0) < 0) {
    if (errno != EINTR) _exit(STATUS_LAUNCHER);
  }
  if (WIFSIGNALED(status)) end_by(WTERMSIG(status));
  _exit(WEXITSTATUS(status));
}

// What a program that Node.js becomes would be given.
static void take_over(void) {
  static char *nothing[] = {NULL};
  struct rlimit files;
  close_fd(&node.signals);
  close_fd(&node.pidfd);
  close_fd(&node.channel);
  if (node.ending != 0) end_by(node.ending);
  reset_signals();
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  environ = nothing;
}

static char **arguments(char *message, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += message[i] == '\0';
  char **list = calloc(count + 1, sizeof *list);
  if (list == NULL) _exit(STATUS_LAUNCHER);
  for (size_t i = 0; i < count; i++) {
    list[i] = message;
    message += strlen(message) + 1;
  }
  return list;
}

static char **serve(void) {
  static char message[MESSAGE_MAX];
  struct pollfd fds[] = {{.fd = node.channel, .events = POLLIN}, {.fd = node.pidfd, .events = POLLIN},
                         {.fd = node.signals, .events = POLLIN}};
  for (;;) {
    if (poll(fds, COUNT(fds), -1) < 0) continue;
    if (fds[2].revents) read_signals();
    // Even when the poll saw only the end: the message may have come between the two looks.
    ssize_t got = recv(node.channel, message, sizeof message, MSG_DONTWAIT);
    if (got > 0 && message[got - 1] == '\0') {
      take_over();
      return arguments(message, (size_t)got);
    }
    // Closed; the end comes a little later.
    if (got == 0) fds[0].fd = -1;
    if (fds[1].revents) end_as_node();
  }
}

char **front_main(int argc, char **argv) {
  int channel[2];
  if (argc < 2 || strcmp(argv[0], "--") != 0) _exit(EXIT_FAILURE);
  prctl(PR_SET_NAME, "wherry");
  fill_streams();
  // A caller that ignores it would leave no status to wait for.
  signal(SIGCHLD, SIG_DFL);
  pid_t self = getpid();
  // Without a front it works as well.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel) != 0 || (node.pid = fork()) < 0) execute(argv + 1);
  if (node.pid == 0) {
    // The lower number: there is no gap below.
    close(channel[1]);
    become_node(argv + 1, channel[0], self);
  }
  close(channel[0]);
  // What else the caller left open is for Node.js.
  node.channel = channel[1] == 3 ? 3 : dup2(channel[1], 3);
  syscall(SYS_close_range, 4, ~0u, 0);
  node.pidfd = pidfd_open_(node.pid);
  node.signals = take_signals();
  if (node.channel < 0 || node.pidfd < 0 || node.signals < 0) _exit(STATUS_LAUNCHER);
  return serve();
}
