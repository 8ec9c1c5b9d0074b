// `attach DIRECTORY`: a further client of a container that runs.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach.h"
#include "client.h"
#include "fail.h"
#include "util.h"

static int connect_to(const char *directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  CLEAN_FD int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(directory);
  // The path itself may be too long for an address.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/attach", fd);
  CLEAN_FD int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connection < 0) return fail(directory);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
    if (errno != ENOENT && errno != ECONNREFUSED) return fail(directory);
    return fail_detail(directory, "the container isn't running");
  }
  int result = connection;
  connection = -1;
  return result;
}

static bool parse_keys(const char *hex, char *keys, unsigned *count) {
  size_t length = strlen(hex);
  if (length % 2 != 0 || length > 64) return false;
  *count = (unsigned)(length / 2);
  for (unsigned i = 0; i < *count; i++) {
    unsigned value;
    if (sscanf(hex + 2 * i, "%2x", &value) != 1) return false;
    keys[i] = (char)value;
  }
  return true;
}

static int usage(const char *what) {
  errno = EINVAL;
  return fail_detail(what, "attach: unknown argument \"%s\"", what);
}

static int attach_to(int argc, char **argv, int *status) {
  static char keys[32] = "\x10\x11";
  struct client_options options = {.attach_stdin = true, .detach_keys = keys, .detach_key_count = 2};
  unsigned char wants = WANTS_STDOUT | WANTS_STDERR | WANTS_INPUT;
  int proxy = -1;
  if (argc < 1) return usage("");
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--no-stdin") == 0) wants &= (unsigned char)~WANTS_INPUT;
    else if (strcmp(argv[i], "--no-stdout") == 0) wants &= (unsigned char)~WANTS_STDOUT;
    else if (strcmp(argv[i], "--no-stderr") == 0) wants &= (unsigned char)~WANTS_STDERR;
    else if (strcmp(argv[i], "--detach-keys") == 0 && i + 1 < argc && parse_keys(argv[i + 1], keys, &options.detach_key_count)) i++;
    else if (strcmp(argv[i], "--sig-proxy") == 0 && i + 1 < argc) proxy = atoi(argv[++i]);
    else return usage(argv[i]);
  }
  CLEAN_FD int monitor = connect_to(argv[0]);
  if (monitor < 0) return -1;
  char hello[] = {FRAME_HELLO, (char)wants}, answer[3];
  if (send(monitor, hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) return fail(argv[0]);
  if (recv(monitor, answer, sizeof answer, 0) != sizeof answer || answer[0] != FRAME_ACCEPTED) {
    return fail_detail(argv[0], "the container's monitor takes no more clients");
  }
  options.terminal = answer[1];
  options.attach_stdin = (wants & WANTS_INPUT) && answer[2];
  options.redraw = options.terminal;
  options.says_detached = true;
  options.signal_proxy = proxy < 0 ? !options.terminal : proxy == 1;
  *status = client_main(monitor, &options);
  return 0;
}

int attach_main(int argc, char **argv) {
  int status = 0;
  if (attach_to(argc, argv, &status) == 0) return status;
  fail_where(PHASE_CLIENT, -1, 0);
  fail_report(&failure);
  return STATUS_LAUNCHER;
}
