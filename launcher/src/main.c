// The launcher's modes; PROGRAM.md describes them.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "container.h"
#include "fail.h"
#include "front.h"
#include "monitor.h"
#include "namespace.h"
#include "net_program.h"
#include "net_shared.h"
#include "program.h"
#include "root_view.h"
#include "seal.h"
#include "settings.h"
#include "tree.h"
#include "util.h"

static int failed(enum phase phase) {
  if (failure.index < 0 && failure.opcode == 0) failure.phase = phase;
  fail_report(&failure);
  return failure.status;
}

static int load(const char *path, struct program *program, struct settings *settings) {
  if (program_load(path, program) != 0) return -1;
  return settings_read(program, settings);
}

// `run` and `exec`, which differ in their programs: the latter joins a container.
static int run_main(int argc, char **argv, bool exec, char **all) {
  static struct program program;
  static struct settings settings;
  struct winsize window = {0};
  int channel[2];
  if (argc != 1) return EXIT_FAILURE;
  if (load(argv[0], &program, &settings) != 0 || seal_self(all, settings.user.holder) != 0) return failed(PHASE_CLIENT);
  if (exec != (settings.join_start != NULL) || (!exec && settings.directory == NULL)) {
    errno = EINVAL;
    fail_detail(NULL, "the launch program isn't one for %s", exec ? "exec" : "run");
    return failed(PHASE_SETTINGS);
  }
  if (settings.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &window) != 0) {
    window = (struct winsize){0};
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) {
    fail(NULL);
    return failed(PHASE_CLIENT);
  }
  // One fork is enough: the monitor is in a session of its own, and gets another parent when this process ends.
  pid_t pid = fork();
  if (pid == 0) {
    close(channel[0]);
    monitor_main(&program, &settings, channel[1], &window);
  }
  if (pid < 0) {
    fail(NULL);
    return failed(PHASE_CLIENT);
  }
  close(channel[1]);
  struct client_options options = {
      .terminal = settings.terminal, .attach_stdin = settings.attach_stdin && settings.stdin_mode != STDIN_NONE,
      .detach = settings.detach, .signal_proxy = settings.signal_proxy, .detach_keys = settings.detach_keys,
      .detach_key_count = settings.detach_key_count, .says_detached = exec};
  return client_main(channel[0], &options);
}

static int ns_main(int argc, char **argv, char **all) {
  static struct program program;
  static struct settings settings;
  int users;
  bool tree = argc >= 2 && strcmp(argv[1], "tree") == 0;
  bool network = argc == 2 && strcmp(argv[1], "network") == 0;
  if (!tree && !network && (argc < 3 || strcmp(argv[1], "--") != 0)) return EXIT_FAILURE;
  if (load(argv[0], &program, &settings) != 0) return failed(PHASE_CLIENT);
  // For the holder it may become: its copy is then that of all containers.
  if (settings.user.holder != NULL && seal_self(all, settings.user.holder) != 0) return failed(PHASE_CLIENT);
  if (user_namespace_enter(&settings.user, &users) != 0) {
    fail_where(PHASE_NAMESPACE, -1, OP_USER_NAMESPACE);
    return failed(PHASE_NAMESPACE);
  }
  if (tree && root_view_enter(&program, &settings) != 0) return failed(PHASE_CONTAINER);
  if (tree) return tree_main(argc - 1, argv + 1);
  if (network) return net_main(&program, &settings);
  // Kept over execve(2), so that the holder stays while the command runs.
  if (users >= 0) dup(users);
  execvp(argv[2], argv + 2);
  fail_status(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, argv[2], "exec: \"%s\": %s", argv[2], strerror(errno));
  return failed(PHASE_CLIENT);
}

// Where one is in the right namespace already.
static int network_main(int argc, char **argv) {
  static struct program program;
  static struct settings settings;
  if (argc != 1) return EXIT_FAILURE;
  if (load(argv[0], &program, &settings) != 0) return failed(PHASE_CLIENT);
  return net_main(&program, &settings);
}

static int open_process(int argc, char **argv, int fewest, int most) {
  uint64_t pid;
  if (argc < fewest || argc > most || !parse_number(argv[0], INT32_MAX, &pid)) {
    errno = EINVAL;
    return -1;
  }
  return pidfd_of((pid_t)pid, argv[1]);
}

static int signal_main(int argc, char **argv) {
  uint64_t number, value = 0;
  CLEAN_FD int pidfd = open_process(argc, argv, 3, 4);
  if (pidfd >= 0 && parse_number(argv[2], 64, &number) && (argc < 4 || parse_number(argv[3], INT32_MAX, &value)) &&
      (argc < 4 ? pidfd_signal(pidfd, (int)number) : pidfd_queue(pidfd, (int)number, (int)value)) == 0) {
    return 0;
  }
  if (errno == ESRCH) return 1;
  fail(argc > 0 ? argv[0] : NULL);
  return failed(PHASE_CLIENT);
}

static int wait_main(int argc, char **argv) {
  CLEAN_FD int pidfd = open_process(argc, argv, 2, 2);
  if (pidfd < 0 && errno == ESRCH) return 0;
  struct pollfd end = {.fd = pidfd, .events = POLLIN};
  while (pidfd >= 0 && poll(&end, 1, -1) < 0 && errno == EINTR) continue;
  if (end.revents != 0) return 0;
  fail(argc > 0 ? argv[0] : NULL);
  return failed(PHASE_CLIENT);
}

// In the background, for nobody who waits: a failure is that there is no mark.
static int sync_main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  CLEAN_FD int directory = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || syncfs(directory) != 0) return EXIT_FAILURE;
  CLEAN_FD int mark = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return mark < 0;
}

// For Node.js, which can't move the offset of a file that it was handed.
static int seek_main(int argc, char **argv) {
  char *end = NULL;
  long long bytes = argc == 1 ? strtoll(argv[0], &end, 10) : -1;
  if (bytes < 0 || *end != '\0') return EXIT_FAILURE;
  return lseek(STDOUT_FILENO, (off_t)bytes, SEEK_CUR) < 0;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "", *command = getenv(INIT_VARIABLE);
  if (command != NULL) init_main(command);
  if (argc > 0) {
    command_line.start = argv[0];
    command_line.length = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
  }
  if (strcmp(mode, "front") == 0) {
    argv = front_main(argc - 2, argv + 2);
    for (argc = 0; argv[argc] != NULL;) argc++;
    mode = argc > 1 ? argv[1] : "";
  }
  if (strcmp(mode, "run") == 0 || strcmp(mode, "exec") == 0) {
    return run_main(argc - 2, argv + 2, mode[0] == 'e', argv);
  }
  if (strcmp(mode, "network") == 0) return network_main(argc - 2, argv + 2);
  if (strcmp(mode, "network-keeper") == 0) return net_daemon_main(argc - 2, argv + 2);
  if (strcmp(mode, "attach") == 0) return attach_main(argc - 2, argv + 2);
  if (strcmp(mode, "ns") == 0) return ns_main(argc - 2, argv + 2, argv);
  if (strcmp(mode, "tree") == 0) return tree_main(argc - 1, argv + 1);
  if (strcmp(mode, "sync") == 0) return sync_main(argc - 2, argv + 2);
  if (strcmp(mode, "seek") == 0) return seek_main(argc - 2, argv + 2);
  if (strcmp(mode, "signal") == 0) return signal_main(argc - 2, argv + 2);
  if (strcmp(mode, "wait") == 0) return wait_main(argc - 2, argv + 2);
  if (strcmp(mode, "version") == 0) return puts("wherry-launcher 0.1.0, programs 1") < 0;
  dprintf(STDERR_FILENO, "usage: wherry-launcher run|exec|front|attach|ns|tree|signal|wait|version …\n");
  return EXIT_FAILURE;
}
