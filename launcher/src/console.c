// The container's terminal: one of its own /dev/pts, so that its programs find its name there; the monitor gets the other end.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "kernel_mount.h"
#include "util.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

// Both ends: with the container's end open here too, the monitor's never hangs up while the container lives.
static int hand_over(int report, int primary, int terminal) {
  struct report_header header = {REPORT_CONSOLE};
  struct iovec part = {&header, sizeof header};
  int fds[2] = {primary, terminal};
  union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof fds)]; } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(head), fds, sizeof fds);
  return sendmsg(report, &message, MSG_NOSIGNAL) == sizeof header ? 0 : -1;
}

int open_console(struct child *child, const struct operation *op) {
  bool device;
  int zero = 0;
  if (argument_flag(op, 0, &device) != 0) return -1;
  CLEAN_FD int primary = open_in_container(child, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
  if (primary < 0) return fail("/dev/pts/ptmx");
  if (ioctl(primary, TIOCSPTLCK, &zero) != 0) return fail("/dev/pts/ptmx");
  // By descriptor, not by the name below /dev/pts, which the image may have taken.
  CLEAN_FD int terminal = ioctl(primary, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return fail("/dev/pts");
  if (device) {
    CLEAN_FD int mount = open_tree_(terminal, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (mount < 0) return fail("/dev/console");
    if (mount_over(child, mount, "/dev/console", false) != 0) return -1;
  }
  if (hand_over(child->report, primary, terminal) != 0) return fail("/dev/pts/ptmx");
  // Waits until the monitor has set the window's size.
  char ready;
  if (recv(child->report, &ready, 1, 0) != 1) return fail("/dev/pts/ptmx");
  if (setsid() < 0 && errno != EPERM) return fail("/dev/console");
  if (ioctl(terminal, TIOCSCTTY, 0) != 0) return fail("/dev/console");
  for (int i = 0; i < 3; i++) {
    child->stdio[i] = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
    if (child->stdio[i] < 0) return fail("/dev/console");
  }
  return 0;
}
