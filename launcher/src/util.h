// Small things that every concern needs.
#ifndef WHERRY_UTIL_H
#define WHERRY_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define CLEAN_FD __attribute__((cleanup(close_fd)))
#define CLEAN_MEMORY __attribute__((cleanup(free_memory)))
#define COUNT(array) (sizeof(array) / sizeof *(array))

// Both keep errno. close_fd leaves -1 behind.
void close_fd(int *fd);
void free_memory(void *pointer);

// 0, or -1 with errno; goes on after a short write and EINTR.
int write_all(int fd, const void *bytes, size_t length);
// At most size - 1 bytes of a file, NUL-terminated; the length or -1.
ssize_t read_text(int directory, const char *path, char *text, size_t size);
// Writes to a file that exists, as those of /proc; one write(2).
int write_existing(int directory, const char *path, const char *text);
// A whole new file in place of the old one: written beside it, then renamed.
int replace_file(int directory, const char *name, mode_t mode, const void *bytes, size_t length);

// The decimal number that the text is, and nothing else; false when it isn't one or is larger than `most`.
bool parse_number(const char *text, uint64_t most, uint64_t *number);

// RFC 3339 in UTC with nine digits, 30 characters and NUL.
enum { TIME_SIZE = 31 };
void format_time(const struct timespec *time, char text[TIME_SIZE]);
void now_text(char text[TIME_SIZE]);
int64_t monotonic_ms(void);

// Has files that are made from now on belong to these ids, with all capabilities kept. 0, or -1 with errno.
int own_files_as(uid_t uid, gid_t gid);

int pidfd_open_(pid_t pid);
int pidfd_signal(int pidfd, int signal);
// With a value, as sigqueue(3).
int pidfd_queue(int pidfd, int signal, int value);
// Field 22 of /proc/PID/stat as text; false when there is no such process, or it's dead.
bool process_start_time(pid_t pid, char text[24]);
// Whether it has begun to end or is gone: the first process of a pid namespace takes all others with it before it's dead.
bool process_is_ending(pid_t pid);
// A pidfd of the process `pid` that began at `start`; -1 with ESRCH when it's gone or another.
int pidfd_of(pid_t pid, const char *start);

#endif
