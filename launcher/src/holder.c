// Finding and making the process that holds a user's namespace.
//
// Files in the holder's directory, each locked with flock(2), whose locks end with their owners:
//   holder.lock   held by the holder all its life; its text is the holder's pid and start time
//   holder.users  held shared by everyone in the namespace; the holder ends when it gets this one for itself alone
//   holder.make   held while a holder is being made, so that two that come at once end up with one
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "namespace.h"
#include "util.h"
#include "witness.h"

static int lock(int fd, int how) {
  int result;
  while ((result = flock(fd, how)) != 0 && errno == EINTR) continue;
  return result;
}

int become_root(void) {
  // Called by root, the real ids have no meaning inside; the groups would go on giving access outside.
  if (geteuid() != 0 && setgroups(0, NULL) != 0 && errno != EPERM) return fail(NULL);
  if (syscall(SYS_setresgid, 0, 0, 0) != 0 || syscall(SYS_setresuid, 0, 0, 0) != 0) return fail(NULL);
  // Changing ids clears it, and without it /proc/self belongs to the outer root.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return 0;
}

static int join(int pidfd) {
  if (setns(pidfd, CLONE_NEWUSER) != 0) return -1;
  return become_root();
}

static int join_recorded(int directory) {
  char text[64];
  if (read_text(directory, "holder.lock", text, sizeof text) <= 0) return -1;
  char *space = strchr(text, ' '), *end = strchr(text, '\n');
  uint64_t pid;
  if (space == NULL || end == NULL) return -1;
  *space = *end = '\0';
  if (!parse_number(text, INT32_MAX, &pid)) return -1;
  CLEAN_FD int pidfd = pidfd_of((pid_t)pid, space + 1);
  return pidfd < 0 ? -1 : join(pidfd);
}

// Lives until nobody uses the namespace any more, and `linger` seconds longer.
static void hold(int lock_fd, int users, uint32_t linger) {
  prctl(PR_SET_NAME, "wherry-holder");
  if (chdir("/") != 0) _exit(1);
  for (;;) {
    // Waits for the last user; then gives newcomers their chance.
    if (lock(users, LOCK_EX) != 0 || lock(users, LOCK_UN) != 0) _exit(1);
    sleep(linger);
    if (lock(users, LOCK_EX | LOCK_NB) == 0) break;
  }
  // Newcomers wait for the lock on holder.users until this process has ended, and then find no holder.
  if (ftruncate(lock_fd, 0) != 0) _exit(1);
  close(lock_fd);
  _exit(0);
}

struct birth { pid_t pid; int32_t error; };

static void holder_process(int channel, int joined, int lock_fd, int users, uint32_t linger) {
  struct birth birth = {.pid = getpid()};
  char go, start[24], text[48];
  if (setsid() < 0 || (joined >= 0 ? setns(joined, CLONE_NEWUSER) : unshare(CLONE_NEWUSER)) != 0) birth.error = errno;
  if (send(channel, &birth, sizeof birth, MSG_NOSIGNAL) != sizeof birth || birth.error != 0) _exit(1);
  if (recv(channel, &go, 1, 0) != 1 || become_root() != 0) _exit(1);
  if (lock_fd >= 0) {
    if (!process_start_time(birth.pid, start)) _exit(1);
    int length = snprintf(text, sizeof text, "%d %s\n", (int)birth.pid, start);
    if (ftruncate(lock_fd, 0) != 0 || pwrite(lock_fd, text, (size_t)length, 0) != length) _exit(1);
  }
  if (send(channel, "r", 1, MSG_NOSIGNAL) != 1) _exit(1);
  // Joined or given up: either way the other end closes.
  if (lock_fd < 0 && recv(channel, &go, 1, 0) >= 0) _exit(0);
  int high = lock_fd > users ? lock_fd : users, low = lock_fd > users ? users : lock_fd;
  // No descriptor of the caller's is kept: a pipe among them would never end for its reader.
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  if (low > 3) syscall(SYS_close_range, 3, low - 1, 0);
  if (high > low + 1) syscall(SYS_close_range, low + 1, high - 1, 0);
  syscall(SYS_close_range, high + 1, ~0u, 0);
  hold(lock_fd, users, linger);
}

// Makes a namespace with a process in it, and joins. With `lock_fd`, that process stays as the holder; with `joined`, a pidfd,
// it holds the namespace of that process.
static int make(const struct user_namespace *user, int joined, int lock_fd, int users) {
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) return fail(NULL);
  CLEAN_FD int mine = channel[0];
  // A grandchild, so that nobody here has to reap it.
  pid_t child = fork();
  if (child == 0) {
    close(mine);
    if (fork() == 0) holder_process(channel[1], joined, lock_fd, users, user->linger);
    _exit(0);
  }
  int error = errno;
  close(channel[1]);
  errno = error;
  if (child < 0) return fail(NULL);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  struct birth birth;
  if (recv(mine, &birth, sizeof birth, 0) != sizeof birth) birth.error = ECHILD;
  errno = birth.error;
  if (birth.error != 0) return fail(NULL);
  CLEAN_FD int pidfd = pidfd_open_(birth.pid);
  char ready;
  if (pidfd < 0) return fail(NULL);
  if (joined < 0 && idmap_write(birth.pid, user) != 0) return -1;
  if (send(mine, "g", 1, MSG_NOSIGNAL) != 1 || recv(mine, &ready, 1, 0) != 1) {
    errno = ECHILD;
    return fail_detail(NULL, "the holder of the user namespace ended early");
  }
  return join(pidfd) == 0 ? 0 : fail(NULL);
}

// A single id, or root's own map, needs nobody else: the process makes the namespace for itself.
static int make_alone(const struct user_namespace *user) {
  if (user->newuidmap != NULL || geteuid() == 0) return make(user, -1, -1, -1);
  if (unshare(CLONE_NEWUSER) != 0) return fail(NULL);
  return idmap_write(getpid(), user) == 0 ? become_root() : -1;
}

// A pidfd of a process in the namespace whose holder was killed, -1 when there is none. A holder that ends by itself leaves
// its file empty.
static int left_behind(int directory, int lock_fd) {
  struct stat lock_file, users;
  if (fstat(lock_fd, &lock_file) != 0 || lock_file.st_size == 0) return -1;
  if (fstatat(directory, "holder.users", &users, 0) != 0) return -1;
  pid_t pid = witness_find(&users, "wherry-network", NULL);
  return pid < 0 ? -1 : pidfd_open_(pid);
}

static int join_or_make(const struct user_namespace *user, int directory, int users) {
  CLEAN_FD int making = openat(directory, "holder.make", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (making < 0 || lock(making, LOCK_EX) != 0) return fail(user->holder);
  // Somebody may have made it meanwhile.
  if (join_recorded(directory) == 0) return 0;
  CLEAN_FD int lock_fd = openat(directory, "holder.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd < 0) return fail(user->holder);
  // A holder that ends lets go of this lock before that on holder.users, which we have.
  if (lock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return fail_detail(user->holder, "the process that holds the user namespace, recorded in %s/holder.lock, can't be joined",
                       user->holder);
  }
  // One that was killed has left those inside behind: they keep the namespace, and what comes now joins them.
  CLEAN_FD int witness = left_behind(directory, lock_fd);
  if (witness >= 0 && make(user, witness, lock_fd, users) == 0) return 0;
  fail_clear();
  return make(user, -1, lock_fd, users);
}

static int users_lock = -1;

int user_namespace_users(void) { return users_lock; }

int user_namespace_enter(const struct user_namespace *user, int *users) {
  *users = -1;
  if (user->holder == NULL) return make_alone(user);
  CLEAN_FD int directory = open(user->holder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(user->holder);
  CLEAN_FD int held = openat(directory, "holder.users", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // The holder gets a description of its own; with ours it would hold our lock.
  CLEAN_FD int for_holder = openat(directory, "holder.users", O_RDWR | O_CLOEXEC);
  if (held < 0 || for_holder < 0 || lock(held, LOCK_SH) != 0) return fail(user->holder);
  if (join_recorded(directory) != 0) {
    fail_clear();
    if (join_or_make(user, directory, for_holder) != 0) return -1;
  }
  *users = users_lock = held;
  held = -1;
  return 0;
}
