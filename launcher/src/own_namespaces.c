// Namespaces that belong to a user namespace of the container's own. What its root may do there by capabilities, the root of
// another container may not, and all that is set up before its command starts is done from the common one, above it.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "net_shared.h"
#include "util.h"
#include "volume.h"

static const struct { int kind, flag; const char *path; } kinds[] = {
    {NS_NETWORK, CLONE_NEWNET, "/proc/self/ns/net"},
    {NS_UTS, CLONE_NEWUTS, "/proc/self/ns/uts"},
    {NS_IPC, CLONE_NEWIPC, "/proc/self/ns/ipc"},
};

const struct operation *own_namespaces_of(const struct program *program) {
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    if (op->opcode == OP_OWN_IDS && op->argc > 2) return op;
  }
  return NULL;
}

static bool wanted(const struct settings *settings, unsigned i) {
  return settings->namespaces[kinds[i].kind].mode == NAMESPACE_NEW;
}

static int send_file(int channel, const char *path) {
  CLEAN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? net_send_packet(channel, "f", 1, fd) : -1;
}

// A process that makes them, hands them over and ends.
static _Noreturn void make(const struct settings *settings, int channel) {
  char go;
  int flags = 0;
  for (unsigned i = 0; i < COUNT(kinds); i++) flags |= wanted(settings, i) ? kinds[i].flag : 0;
  // Its id maps can be written by the one outside then.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (unshare(CLONE_NEWUSER) != 0 || send(channel, "m", 1, MSG_NOSIGNAL) != 1 || recv(channel, &go, 1, 0) != 1 ||
      unshare(flags) != 0 || send_file(channel, "/proc/self/ns/user") < 0) {
    _exit(errno == 0 ? EIO : errno);
  }
  for (unsigned i = 0; i < COUNT(kinds); i++) {
    if (wanted(settings, i) && send_file(channel, kinds[i].path) < 0) _exit(errno);
  }
  _exit(0);
}

static int receive(int channel, int *fd) {
  char byte;
  return net_receive_packet(channel, &byte, 1, fd) == 1 && *fd >= 0 ? 0 : -1;
}

static int take(const struct settings *settings, const struct operation *op, int channel, pid_t maker, struct child *child) {
  char made;
  if (recv(channel, &made, 1, 0) != 1) return -1;
  errno = write_id_maps(maker, op);
  if (errno != 0 || send(channel, "g", 1, MSG_NOSIGNAL) != 1 || receive(channel, &child->user_namespace) != 0) return -1;
  for (unsigned i = 0; i < COUNT(kinds); i++) {
    if (wanted(settings, i) && receive(channel, &child->namespaces[kinds[i].kind]) != 0) return -1;
  }
  return 0;
}

int make_own_namespaces(const struct settings *settings, const struct operation *op, struct child *child) {
  int channel[2], status = 0;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) return fail(NULL);
  pid_t maker = fork();
  if (maker == 0) {
    close(channel[0]);
    make(settings, channel[1]);
  }
  close_fd(&channel[1]);
  int result = maker < 0 ? -1 : take(settings, op, channel[0], maker, child), error = errno;
  close_fd(&channel[0]);
  while (maker > 0 && waitpid(maker, &status, 0) < 0 && errno == EINTR) continue;
  if (result == 0) return 0;
  errno = WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : error;
  fail_detail(NULL, "the user namespace of the container can't be made");
  return fail_where(PHASE_CONTAINER, op->index, op->opcode), -1;
}
