#include "net_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

enum { PATIENCE_MS = 10000, NAMESPACE_FD = 0, READY_FD = 3, ARGUMENT_BYTES = 4096, MAX_ARGUMENTS = 128 };

struct placeholder { const char *name, *value; };

static bool substitute(const char *argument, const struct placeholder *placeholders, char *out, size_t size) {
  while (*argument != '\0') {
    const struct placeholder *p = placeholders;
    while (p->name != NULL && strncmp(argument, p->name, strlen(p->name)) != 0) p++;
    const char *text = p->name == NULL ? argument : p->value;
    size_t length = p->name == NULL ? 1 : strlen(p->value);
    if (length >= size) return false;
    memcpy(out, text, length);
    out += length;
    size -= length;
    argument += p->name == NULL ? 1 : strlen(p->name);
  }
  *out = '\0';
  return true;
}

static bool mentions(const struct net_helper *helper, const char *placeholder) {
  for (size_t i = 0; i < helper->argc; i++) {
    if (strstr(helper->arguments[i], placeholder) != NULL) return true;
  }
  return false;
}

static void execute(const struct net_helper *helper, int name_space, const char *runtime, int ready, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // As a login shell gives it: pasta takes an ignored one for a failure.
  signal(SIGPIPE, SIG_DFL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  // Nobody reads what it says once it is ready. That must neither kill it, so it is a reader itself, nor stop it.
  char said[32];
  snprintf(said, sizeof(said), "/proc/self/fd/%d", errors);
  int both = open(said, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  // Out of the way of the numbers that they are moved to.
  int high_namespace = fcntl(name_space, F_DUPFD_CLOEXEC, 16), high_ready = fcntl(ready, F_DUPFD_CLOEXEC, 16);
  if (null < 0 || both < 0 || high_namespace < 0 || high_ready < 0) _exit(126);
  // Newer versions of pasta close what they are given, less the standard streams.
  dup2(high_namespace, NAMESPACE_FD);
  dup2(mentions(helper, "{ready-path}") ? high_ready : null, 1);
  dup2(both, 2);
  dup2(high_ready, READY_FD);
  if (syscall(SYS_close_range, READY_FD + 1, ~0U, 0) < 0) _exit(126);
  char pid[16], netns[48];
  snprintf(pid, sizeof(pid), "%d", (int)getpid());
  snprintf(netns, sizeof(netns), "/proc/%s/fd/%d", pid, NAMESPACE_FD);
  const struct placeholder placeholders[] = {
      {"{netns}", netns}, {"{pid}", pid}, {"{runtime}", runtime}, {"{ready-fd}", "3"}, {"{ready-path}", "/proc/self/fd/1"},
      {NULL, NULL}};
  static char space[MAX_ARGUMENTS][ARGUMENT_BYTES / 4];
  char *argv[MAX_ARGUMENTS + 2] = {(char *)helper->program};
  if (helper->argc > MAX_ARGUMENTS) _exit(126);
  for (size_t i = 0; i < helper->argc; i++) {
    if (!substitute(helper->arguments[i], placeholders, space[i], sizeof(space[i]))) _exit(126);
    argv[i + 1] = space[i];
  }
  char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", NULL};
  execve(helper->program, argv, environment);
  dprintf(2, "%s\n", strerror(errno));
  _exit(127);
}

// Keeps the last line of what a helper says.
static void keep_last_line(int fd, char *detail, size_t size) {
  char text[2048];
  ssize_t length = read(fd, text, sizeof(text) - 1);
  if (length <= 0) return;
  text[length] = '\0';
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ')) text[--length] = '\0';
  const char *line = strrchr(text, '\n');
  snprintf(detail, size, "%s", line == NULL ? text : line + 1);
}

// 1 ready, 0 not yet, -1 it won't be.
static int look(const struct net_helper *helper, int ready, short events) {
  if (helper->readiness == NET_READY_PATH) return access(helper->ready_path, F_OK) == 0;
  if (helper->readiness == NET_READY_EXITS || events == 0) return 0;
  char byte;
  return read(ready, &byte, 1) == 1 ? 1 : -1;
}

static pid_t wait_ready(const struct net_helper *helper, pid_t pid, int ready, int errors, char *detail, size_t size) {
  int64_t deadline = monotonic_ms() + PATIENCE_MS;
  int outcome = 0;
  while (outcome == 0 && monotonic_ms() < deadline) {
    struct pollfd polled[] = {{.fd = helper->readiness == NET_READY_DESCRIPTOR ? ready : -1, .events = POLLIN},
                              {.fd = errors, .events = POLLIN}};
    poll(polled, 2, helper->readiness == NET_READY_DESCRIPTOR ? 200 : 5);
    if (polled[1].revents & POLLIN) keep_last_line(errors, detail, size);
    outcome = look(helper, ready, polled[0].revents);
    int status;
    if (outcome == 1 || waitpid(pid, &status, WNOHANG) != pid) continue;
    if (polled[1].revents == 0) keep_last_line(errors, detail, size);
    if (helper->readiness == NET_READY_EXITS && WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOEXEC : -ECHILD;
  }
  if (outcome == 1) return pid;
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return outcome < 0 ? -ECHILD : -ETIMEDOUT;
}

pid_t net_helper_start(const struct net_helper *helper, int name_space, const char *runtime, char *detail, size_t size) {
  int ready[2], errors[2];
  detail[0] = '\0';
  if (pipe2(ready, O_CLOEXEC) < 0) return -errno;
  if (pipe2(errors, O_CLOEXEC) < 0) {
    int error = -errno;
    close(ready[0]);
    close(ready[1]);
    return error;
  }
  fcntl(errors[0], F_SETFL, O_NONBLOCK);
  pid_t pid = fork();
  if (pid == 0) execute(helper, name_space, runtime, ready[1], errors[1]);
  close(ready[1]);
  close(errors[1]);
  pid_t outcome = pid < 0 ? -errno : wait_ready(helper, pid, ready[0], errors[0], detail, size);
  close(ready[0]);
  close(errors[0]);
  return outcome;
}
