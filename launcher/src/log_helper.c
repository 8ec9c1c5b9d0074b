// The process that a log is handed to. The core starts the first one, which can tell the user what it lacks; this is for when
// that was killed.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "program.h"

enum { ARGUMENTS_MAX = 32 };

static _Noreturn void execute(const struct operation *helper) {
  char *arguments[ARGUMENTS_MAX + 1] = {0}, *environment[] = {NULL};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  // It ends with its connection, by itself, and after the monitor.
  if (setsid() < 0 || syscall(SYS_close_range, 3, ~0u, 0) != 0) _exit(126);
  for (unsigned i = 0; i < helper->argc; i++) arguments[i] = (char *)helper->args[i].text;
  execve(arguments[0], arguments, environment);
  _exit(127);
}

void log_helper_start(const struct operation *helper) {
  static pid_t running;
  if (running > 0 && waitpid(running, NULL, WNOHANG) == 0) return;
  running = fork();
  if (running == 0) execute(helper);
}
