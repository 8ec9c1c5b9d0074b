#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "fail.h"
#include "files.h"
#include "legacy_cgroup.h"
#include "log.h"
#include "net_attendant.h"
#include "namespace.h"
#include "scope.h"
#include "util.h"

// Docker's: the wait before a restart doubles from 100 ms to a minute, and begins anew after 10 s of running.
enum { FIRST_DELAY_MS = 100, LAST_DELAY_MS = 60000, GOOD_RUN_MS = 10000 };

// Away from the caller: no terminal, no directory, no descriptor of it. The client's socket becomes descriptor 3.
static int leave_caller(int client) {
  if (setsid() < 0 || chdir("/") != 0) return fail("/");
  if (client != 3) {
    if (dup3(client, 3, O_CLOEXEC) < 0) return fail(NULL);
  }
  if (syscall(SYS_close_range, 4, ~0u, 0) != 0) return fail(NULL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
  for (int fd = 0; fd < 3; fd++) {
    if (null < 0 || dup2(null, fd) < 0) return fail("/dev/null");
  }
  close(null);
  umask(022);
  prctl(PR_SET_NAME, "wherry-monitor");
  return 0;
}

static int take_signals(void) {
  sigset_t all, ours;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGUSR1);
  sigaddset(&ours, SIGUSR2);
  int fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? fail(NULL) : fd;
}

static int join_container(const struct settings *settings) {
  CLEAN_FD int pidfd = pidfd_of(settings->join_pid, settings->join_start);
  if (pidfd < 0) return fail_detail(NULL, "the container isn't running");
  // Not the command's own user namespace, which may be one below (own-ids), but the one that its mounts belong to.
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)settings->join_pid);
  CLEAN_FD int mounts = open(path, O_RDONLY | O_CLOEXEC);
  CLEAN_FD int user = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
  if (user < 0) return fail(path);
  if (pidfd_signal(pidfd, 0) != 0) return fail_detail(NULL, "the container isn't running");
  // EINVAL: it is our own already.
  if (setns(user, CLONE_NEWUSER) == 0) return become_root();
  return errno == EINVAL ? 0 : fail(NULL);
}

static int enter_user_namespace(struct monitor *monitor) {
  int result = 0;
  if (monitor->settings->join_start != NULL) result = join_container(monitor->settings);
  else if (monitor->settings->user.wanted) result = user_namespace_enter(&monitor->settings->user, &monitor->users);
  if (result != 0) fail_where(PHASE_NAMESPACE, -1, OP_USER_NAMESPACE);
  return result;
}

static int open_directory(struct monitor *monitor) {
  const char *path = monitor->settings->directory;
  if (path == NULL) return 0;
  monitor->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (monitor->directory < 0) return fail(path);
  monitor->lock = openat(monitor->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (monitor->lock < 0) return fail(path);
  if (flock(monitor->lock, LOCK_EX | LOCK_NB) == 0) return 0;
  if (errno == EWOULDBLOCK) {
    errno = EBUSY;
    return fail_detail(path, "the container is running already");
  }
  return fail(path);
}

// Two mounts of one upper directory would destroy it, and the kernel doesn't mind.
static int lock_upper(struct monitor *monitor) {
  const struct program *program = monitor->program;
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    if (op->opcode != OP_ROOTFS_OVERLAY || argument_empty(op, 1)) continue;
    const char *upper = op->args[1].text;
    monitor->upper_lock = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (monitor->upper_lock >= 0 && flock(monitor->upper_lock, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno == EWOULDBLOCK) fail_detail(upper, "the container's files in %s are in use", upper);
    else fail(upper);
    fail_where(PHASE_CONTAINER, op->index, op->opcode);
    return -1;
  }
  return 0;
}

static struct ending ending_of(const struct monitor *monitor, int status) {
  struct ending ending = {.status = WEXITSTATUS(status)};
  if (WIFSIGNALED(status)) ending = (struct ending){.status = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  ending.out_of_memory = oom_kills(monitor) > monitor->oom_kills;
  return ending;
}

// By the policy of now: `update` may have changed it since the last start.
static bool wants_restart(const struct monitor *monitor, const struct ending *ending, unsigned count) {
  struct restart restart = settings_restart(monitor->settings, monitor->directory);
  if (restart.policy == RESTART_NO) return false;
  if (restart.policy != RESTART_ON_FAILURE) return true;
  return ending->status != 0 && (restart.max_retries == 0 || count < restart.max_retries);
}

static int facts_at_start(struct monitor *monitor) {
  fail_clear();
  health_start(monitor);
  oom_watch(monitor);
  if (fact_started(monitor) != 0) return -1;
  if (monitor->settings->exec_id == NULL) event_tell(monitor, 'm', "start");
  else event_tell(monitor, 'm', "exec_start %s", monitor->settings->exec_id);
  return 0;
}

static void tell_end(const struct monitor *monitor, const struct ending *ending, int64_t began) {
  if (monitor->settings->exec_id != NULL) {
    event_tell(monitor, 'm', "exec_die %s %d", monitor->settings->exec_id, ending->status);
    return;
  }
  event_tell(monitor, 'm', "die %d %lld", ending->status, (long long)(monotonic_ms() - began) / 1000);
}

// No more starts: the container has let go of networks and volumes.
static void tell_ended(const struct monitor *monitor) {
  if (monitor->settings->exec_id == NULL) event_tell(monitor, 'm', "ended");
}

// In a PID namespace that isn't its own, what the command left goes on after its end.
static void kill_rest(const struct settings *settings) {
  char path[4096];
  if (settings->join_start != NULL || settings->namespaces[NS_PID].mode == NAMESPACE_NEW) return;
  legacy_cgroup_kill(settings);
  if (settings->cgroup == NULL) return;
  snprintf(path, sizeof path, "%s/cgroup.kill", settings->cgroup);
  CLEAN_FD int kill = open(path, O_WRONLY | O_CLOEXEC);
  if (kill < 0 || write(kill, "1", 1) != 1) return;
  // They die within milliseconds, and the cgroup can't be removed before.
  snprintf(path, sizeof path, "%s/cgroup.events", settings->cgroup);
  for (int tries = 0; tries < 200; tries++) {
    char text[128];
    if (read_text(AT_FDCWD, path, text, sizeof text) <= 0 || strstr(text, "populated 0") != NULL) return;
    poll(NULL, 0, 5);
  }
}

// From the first start to the last end.
static struct ending supervise(struct monitor *monitor, int signals) {
  struct ending ending;
  bool stopping = false;
  unsigned count = 0, delay = 0;
  for (;;) {
    int64_t began = monotonic_ms();
    int status = pump(monitor, signals, &stopping);
    health_stop();
    oom_handle(monitor);
    oom_unwatch();
    ending = ending_of(monitor, status);
    kill_rest(monitor->settings);
    tell_end(monitor, &ending, began);
    for (;;) {
      if (stopping || !wants_restart(monitor, &ending, count)) return ending;
      if (monotonic_ms() - began >= GOOD_RUN_MS) delay = 0;
      delay = delay == 0 ? FIRST_DELAY_MS : delay * 2 > LAST_DELAY_MS ? LAST_DELAY_MS : delay * 2;
      count++;
      fact_restarting(monitor, count, &ending, delay);
      if (pump_idle(monitor, signals, (int)delay) || !wants_restart(monitor, &ending, count - 1)) return ending;
      fail_clear();
      began = monotonic_ms();
      net_attendant_renew();
      if (container_start(monitor) == 0) break;
      ending = (struct ending){.status = failure.status};
      fact_start_error(monitor);
    }
    facts_at_start(monitor);
  }
}

static void clean_up(struct monitor *monitor) {
  static char lines[16 * 1024];
  size_t length = files_clean_up(monitor->program, lines, sizeof lines);
  // The directory may be what was removed.
  fact_cleanup_errors(monitor, lines, length);
  if (monitor->program->first[SECTION_CLEANUP] < monitor->program->first[SECTIONS]) event_tell(monitor, 'm', "destroy");
}

// Where the container shares another's pid namespace, the end of its first process leaves its others behind.
static void end_the_rest(const struct settings *settings, int cgroup) {
  enum { PATIENCE_MS = 5000 };
  if (settings->namespaces[NS_PID].mode == NAMESPACE_NEW) return;
  CLEAN_FD int all = openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if (all < 0 || write(all, "1", 1) != 1) return;
  char text[128];
  for (int64_t until = monotonic_ms() + PATIENCE_MS; monotonic_ms() < until;) {
    if (read_text(cgroup, "cgroup.events", text, sizeof text) <= 0 || strstr(text, "populated 1") == NULL) return;
    poll(NULL, 0, 2);
  }
}

// Made for this container; in use when a container left a cgroup of its own below it, and then the core's to clear up.
static void remove_cgroup(const struct settings *settings) {
  if (settings->directory == NULL) return;
  if (settings->namespaces[NS_PID].mode != NAMESPACE_NEW) legacy_cgroup_kill(settings);
  legacy_cgroup_remove(settings);
  if (settings->cgroup == NULL) return;
  CLEAN_FD int cgroup = open(settings->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (cgroup >= 0) end_the_rest(settings, cgroup);
  rmdir(settings->cgroup);
}

enum progress { NOTHING_YET, DIRECTORY_LOCKED, PREPARED };

static _Noreturn void give_up(struct monitor *monitor, enum progress progress) {
  net_attendant_stop();
  if (progress == PREPARED) files_undo(monitor->program);
  // Without the lock the directory is another monitor's.
  if (progress >= DIRECTORY_LOCKED) {
    fact_start_error(monitor);
    struct failure kept = failure;
    tell_ended(monitor);
    remove_cgroup(monitor->settings);
    attach_close_listening(monitor->directory);
    clean_up(monitor);
    failure = kept;
  }
  // Whoever hears of the failure may start the container again at once.
  close_fd(&monitor->upper_lock);
  close_fd(&monitor->lock);
  attach_to_first(FRAME_FAILED, &failure, sizeof failure);
  attach_finish(failure.status);
  _exit(failure.status);
}

_Noreturn void monitor_main(const struct program *program, struct settings *settings, int client,
                            const struct winsize *window) {
  struct monitor monitor = {.program = program, .settings = settings, .directory = -1, .lock = -1, .users = -1,
                            .upper_lock = -1, .window = *window, .pidfd = -1, .input = -1, .output = {-1, -1},
                            .terminal = -1};
  unsigned wants = (settings->attach_stdout ? WANTS_STDOUT : 0) | (settings->attach_stderr ? WANTS_STDERR : 0) |
                   (settings->attach_stdin ? WANTS_INPUT : 0);
  int left = leave_caller(client);
  attach_first(left == 0 ? 3 : client, settings->detach ? 0 : wants);
  int signals = left == 0 ? take_signals() : -1;
  bool entered = signals >= 0 && enter_user_namespace(&monitor) == 0;
  // Outside, root is not who the directory belongs to, and its files would be in that one's way.
  if (signals < 0 || (!entered && geteuid() == 0) || open_directory(&monitor) != 0) give_up(&monitor, NOTHING_YET);
  if (!entered) give_up(&monitor, DIRECTORY_LOCKED);
  if ((monitor.directory >= 0 && attach_listen(monitor.directory, settings->directory) != 0) ||
      log_open(&settings->log_file, &settings->log_socket) != 0 || files_prepare(program) != 0) {
    give_up(&monitor, DIRECTORY_LOCKED);
  }
  if (lock_upper(&monitor) != 0 || scope_enter(settings) != 0 || container_start(&monitor) != 0 || facts_at_start(&monitor) != 0) {
    give_up(&monitor, PREPARED);
  }
  attach_to_first(FRAME_STARTED, "", 0);
  if (settings->detach) attach_drop_first();
  else if (settings->terminal) event_resize(&monitor);
  struct ending ending = supervise(&monitor, signals);
  close_fd(&monitor.upper_lock);
  remove_cgroup(settings);
  // Who hears of the end may publish the same ports.
  net_attendant_stop();
  tell_ended(&monitor);
  attach_close_listening(monitor.directory);
  log_close();
  fact_log_error(&monitor, true);
  fact_exited(&monitor, &ending);
  clean_up(&monitor);
  // Whoever waits for the exit status may start the container again, or remove it, at once.
  close_fd(&monitor.lock);
  attach_finish(ending.status);
  _exit(ending.status);
}
