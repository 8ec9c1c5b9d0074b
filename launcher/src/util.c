#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void close_fd(int *fd) {
  int kept = errno;
  if (*fd >= 0) close(*fd);
  *fd = -1;
  errno = kept;
}

void free_memory(void *pointer) {
  int kept = errno;
  free(*(void **)pointer);
  errno = kept;
}

int write_all(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t put = write(fd, at, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return -1;
    at += put;
    length -= (size_t)put;
  }
  return 0;
}

ssize_t read_text(int directory, const char *path, char *text, size_t size) {
  CLEAN_FD int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -1;
  size_t have = 0;
  while (have < size - 1) {
    ssize_t got = read(fd, text + have, size - 1 - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    have += (size_t)got;
  }
  text[have] = '\0';
  return (ssize_t)have;
}

int write_existing(int directory, const char *path, const char *text) {
  CLEAN_FD int fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -1;
  ssize_t put = write(fd, text, strlen(text));
  if (put < 0) return -1;
  return 0;
}

int replace_file(int directory, const char *name, mode_t mode, const void *bytes, size_t length) {
  char temporary[4096];
  if (snprintf(temporary, sizeof temporary, "%s.%d.tmp", name, (int)getpid()) >= (int)sizeof temporary) {
    errno = ENAMETOOLONG;
    return -1;
  }
  CLEAN_FD int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  if (write_all(fd, bytes, length) == 0 && fchmod(fd, mode) == 0 &&
      renameat(directory, temporary, directory, name) == 0) {
    return 0;
  }
  int kept = errno;
  unlinkat(directory, temporary, 0);
  errno = kept;
  return -1;
}

bool parse_number(const char *text, uint64_t most, uint64_t *number) {
  uint64_t value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (value > (most - digit) / 10 || digit > most) return false;
    value = value * 10 + digit;
  }
  *number = value;
  return true;
}

void format_time(const struct timespec *time, char text[TIME_SIZE]) {
  struct tm parts;
  gmtime_r(&time->tv_sec, &parts);
  size_t length = strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + length, TIME_SIZE - length, ".%09ldZ", time->tv_nsec % 1000000000);
}

void now_text(char text[TIME_SIZE]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  format_time(&now, text);
}

int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int pidfd_open_(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

int pidfd_queue(int pidfd, int signal, int value) {
  siginfo_t info = {.si_signo = signal, .si_code = SI_QUEUE};
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = value;
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, &info, 0);
}

/* A field of /proc/PID/stat by its number in proc_pid_stat(5), from 4 on, as far as `size` reaches; false for what has ended. */
static bool stat_field(pid_t pid, int number, char *text, size_t size) {
  char path[40], stat[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (read_text(AT_FDCWD, path, stat, sizeof stat) <= 0) return false;
  // The command's name, in parentheses, may itself hold spaces and parentheses.
  char *field = strrchr(stat, ')');
  if (field == NULL || field[1] == '\0' || field[2] == 'Z' || field[2] == 'X') return false;
  for (int i = 2; i < number; i++) {
    field = strchr(field + 1, ' ');
    if (field == NULL) return false;
  }
  size_t length = strcspn(field + 1, " ");
  if (length == 0 || length >= size) return false;
  memcpy(text, field + 1, length);
  text[length] = '\0';
  return true;
}

bool process_start_time(pid_t pid, char text[24]) { return stat_field(pid, 22, text, 24); }

bool process_is_ending(pid_t pid) {
  enum { EXITING = 0x4 };  // PF_EXITING of the kernel's include/linux/sched.h
  char flags[24];
  return !stat_field(pid, 9, flags, sizeof flags) || (strtoul(flags, NULL, 10) & EXITING) != 0;
}

int pidfd_of(pid_t pid, const char *start) {
  CLEAN_FD int pidfd = pidfd_open_(pid);
  char found[24];
  if (pidfd < 0) return -1;
  // The number may have gone to another process before the pidfd was opened; from then on it can't.
  if (!process_start_time(pid, found) || strcmp(found, start) != 0) {
    errno = ESRCH;
    return -1;
  }
  int result = pidfd;
  pidfd = -1;
  return result;
}

int own_files_as(uid_t uid, gid_t gid) {
  // The kernel takes capabilities on files away with the id, unless told not to.
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0) return -1;
  setfsgid(gid);
  setfsuid(uid);
  // They tell no failure but by what they were before.
  bool done = setfsgid((gid_t)-1) == (int)gid && setfsuid((uid_t)-1) == (int)uid;
  if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) != 0) return -1;
  if (!done) errno = EINVAL;
  return done ? 0 : -1;
}
