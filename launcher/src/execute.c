// The last step: working directory, credentials, and the container's command.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "util.h"
#include "volume.h"

// Docker's, for a container whose environment has none.
static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static char **strings(const struct operation *op) {
  unsigned count = op == NULL ? 0 : op->argc;
  char **list = calloc((size_t)count + 1, sizeof *list);
  for (unsigned i = 0; list != NULL && i < count; i++) list[i] = (char *)op->args[i].text;
  return list;
}

static const char *search_path(char **environment) {
  for (; *environment != NULL; environment++) {
    if (strncmp(*environment, "PATH=", 5) == 0) return *environment + 5;
  }
  return default_path;
}

static int not_executable(const char *file) {
  int error = errno;
  int status = error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
  const char *words = error == EACCES ? "permission denied" : error == ENOEXEC ? "exec format error" : strerror(error);
  errno = error;
  if (error == ENOENT) return fail_status(status, file, "exec: \"%s\": no such file or directory", file);
  return fail_status(status, file, "exec: \"%s\": %s", file, words);
}

// The file that `name` stands for, as exec.LookPath of Go finds it, whose words Docker's users know.
static int look_up(const char *name, const char *path, char found[PATH_MAX]) {
  struct stat about;
  if (strchr(name, '/') != NULL) {
    if (strlen(name) >= PATH_MAX) errno = ENAMETOOLONG;
    else if (stat(name, &about) == 0) {
      strcpy(found, name);
      if (S_ISDIR(about.st_mode)) return fail_status(STATUS_NOT_EXECUTABLE, name, "exec: \"%s\": is a directory", name);
      if (faccessat(AT_FDCWD, name, X_OK, AT_EACCESS) == 0) return 0;
    }
    return not_executable(name);
  }
  while (*name != '\0') {
    size_t length = strcspn(path, ":");
    int size = length == 0 ? snprintf(found, PATH_MAX, "./%s", name)
                           : snprintf(found, PATH_MAX, "%.*s/%s", (int)length, path, name);
    if (size < PATH_MAX && stat(found, &about) == 0 && S_ISREG(about.st_mode) &&
        faccessat(AT_FDCWD, found, X_OK, AT_EACCESS) == 0) {
      return 0;
    }
    if (path[length] == '\0') break;
    path += length + 1;
  }
  errno = ENOENT;
  return fail_status(STATUS_NOT_FOUND, name, "exec: \"%s\": executable file not found in $PATH", name);
}

static int make_directories(const char *path) {
  char part[PATH_MAX];
  if (strlen(path) >= sizeof part) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(part, path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(part, 0755) != 0 && errno != EEXIST && errno != EROFS) return -1;
    *slash = '/';
  }
  return mkdir(part, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

static int enter(const char *path) {
  if (chdir(path) != 0) return -1;
  // A directory outside of the root, reached by a descriptor's link below /proc, has no path inside.
  char where[PATH_MAX];
  if (syscall(SYS_getcwd, where, sizeof where) < 0) return -1;
  if (where[0] != '/') {
    errno = ENOENT;
    return -1;
  }
  return 0;
}

// As id 0 first, which may enter what the user may not; `later` when only the user may.
static int working_directory(const struct child *child, bool *later) {
  const struct operation *op = child->working_directory;
  const char *path = op == NULL ? "/" : op->args[0].text;
  *later = false;
  if (enter(path) == 0) return 0;
  // A command that joins makes none, as Docker's.
  bool makes = child->settings->join_start == NULL;
  if (errno == ENOENT && makes && make_directories(path) == 0 && enter(path) == 0) return 0;
  *later = errno == EACCES;
  if (*later) return 0;
  if (!makes) return fail_status(STATUS_NOT_EXECUTABLE, path, "the working directory %s can't be entered: %s", path, strerror(errno));
  return fail_detail(path, "the working directory %s can't be entered: %s", path, strerror(errno));
}

enum { REPORT_FD = 3, SELF_FD = 4 };

// Nothing of the launcher or the host is open past here but standard input, output, error, the channel, and with `init` the
// launcher's program.
static int set_stdio(struct child *child) {
  for (int i = 0; i < 3; i++) {
    struct stat about;
    if (child->stdio[i] < 0) continue;
    // So that the container's user can open /dev/stdout again; not for devices, and not where the id isn't mapped.
    if (child->user != NULL && fstat(child->stdio[i], &about) == 0 &&
        (S_ISFIFO(about.st_mode) || child->settings->terminal)) {
      uint64_t uid = 0;
      if (argument_number(child->user, 0, UINT32_MAX - 1, &uid) != 0) return -1;
      if (fchown(child->stdio[i], (uid_t)uid, (gid_t)-1) != 0 && errno != EPERM && errno != EINVAL) return fail(NULL);
    }
  }
  if (child->self >= 0) child->self = fcntl(child->self, F_DUPFD_CLOEXEC, SELF_FD + 1);
  // Each above 2 first, else one could be overwritten before its turn.
  for (int i = 0; i < 3; i++) {
    if (child->stdio[i] >= 0 && child->stdio[i] < 3) child->stdio[i] = fcntl(child->stdio[i], F_DUPFD_CLOEXEC, 3);
  }
  for (int i = 0; i < 3; i++) {
    if (child->stdio[i] >= 0 && dup2(child->stdio[i], i) < 0) return fail(NULL);
  }
  if (child->report != REPORT_FD) {
    if (dup3(child->report, REPORT_FD, O_CLOEXEC) < 0) return fail(NULL);
    child->report = REPORT_FD;
  }
  if (child->self >= 0) child->self = dup3(child->self, SELF_FD, O_CLOEXEC);
  return syscall(SYS_close_range, child->self >= 0 ? SELF_FD + 1 : SELF_FD, ~0u, 0) == 0 ? 0 : fail(NULL);
}

static void reset_signals(void) {
  sigset_t none;
  for (int signal = 1; signal < 65; signal++) {
    if (signal != SIGKILL && signal != SIGSTOP) sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// Changing ids clears the signal, so it's set behind that. A monitor that died before is seen by its end of the channel.
static void die_with_monitor(int report) {
  struct pollfd end = {.fd = report};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR))) _exit(STATUS_LAUNCHER);
}

static pid_t main_process;

static void pass_on(int signal) { kill(main_process, signal); }

// Process 1 of `--init`: reaps whatever ends, and ends as the command does.
static _Noreturn void reap(pid_t pid) {
  int status, last = 0;
  pid_t ended;
  main_process = pid;
  for (int signal = 1; signal < 65; signal++) {
    bool own = signal == SIGCHLD || signal == SIGKILL || signal == SIGSTOP || signal == SIGTTIN || signal == SIGTTOU;
    if (!own) sigaction(signal, &(struct sigaction){.sa_handler = pass_on, .sa_flags = SA_RESTART}, NULL);
  }
  // Handlers come before the signals that waited.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  syscall(SYS_close_range, 0, ~0u, 0);
  while ((ended = wait(&status)) > 0 || errno == EINTR) {
    if (ended != pid) continue;
    last = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    break;
  }
  _exit(last);
}

_Noreturn void init_main(const char *command) {
  prctl(PR_SET_NAME, "docker-init");
  reap((pid_t)atoi(command));
}

// By execve(2) once more, as what it is in now is closed to view: nobody could join its namespaces, or enter its root. The file is
// sealed, or another's (seal.h), and its memory begins anew, in the container's user namespace.
static void become_init(const struct child *child, pid_t pid, char **argv) {
  char variable[sizeof INIT_VARIABLE + 16];
  size_t count = 0;
  while (argv[count] != NULL) count++;
  char **arguments = calloc(count + 3, sizeof *arguments), *environment[] = {variable, NULL};
  if (child->self < 0 || arguments == NULL) return;
  snprintf(variable, sizeof variable, INIT_VARIABLE "=%d", (int)pid);
  arguments[0] = "/sbin/docker-init";
  arguments[1] = "--";
  memcpy(arguments + 2, argv, count * sizeof *arguments);
  syscall(SYS_execveat, child->self, "", arguments, environment, AT_EMPTY_PATH);
}

static void run_under_init(const struct child *child, char **argv) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  pid_t pid = fork();
  if (pid > 0) {
    become_init(child, pid, argv);
    reap(pid);
  }
  if (pid == 0) {
    // The terminal's keys are for the command, not for process 1.
    setpgid(0, 0);
    if (isatty(0)) {
      signal(SIGTTOU, SIG_IGN);
      tcsetpgrp(0, getpgrp());
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
  }
}

int execute(struct child *child) {
  char found[PATH_MAX];
  bool later;
  if (child->arguments == NULL) {
    errno = EINVAL;
    return fail_detail(NULL, "the launch program has no arguments to execute");
  }
  char **argv = strings(child->arguments), **environment = strings(child->environment);
  if (argv == NULL || environment == NULL) return fail(NULL);
  if (child->own_ids != NULL && enter_own_ids(child) != 0) {
    fail_where(PHASE_CONTAINER, child->own_ids->index, child->own_ids->opcode);
    return -1;
  }
  if (set_stdio(child) != 0) return -1;
  if (working_directory(child, &later) != 0) {
    if (child->working_directory != NULL) {
      fail_where(PHASE_CONTAINER, child->working_directory->index, child->working_directory->opcode);
    }
    return -1;
  }
  if (take_credentials(child) != 0) return -1;
  const char *directory = later ? child->working_directory->args[0].text : NULL;
  if (later && enter(directory) != 0) {
    return fail_detail(directory, "the working directory %s can't be entered: %s", directory, strerror(errno));
  }
  umask(child->umask >= 0 ? (mode_t)child->umask : 0022);
  if (look_up(argv[0], search_path(environment), found) != 0) return -1;
  die_with_monitor(child->report);
  if (child->init) run_under_init(child, argv);
  reset_signals();
  execve(found, argv, environment);
  return not_executable(found);
}
