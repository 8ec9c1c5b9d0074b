#include "net_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "namespace.h"
#include "net_namespace.h"
#include "util.h"

static struct {
  int directory, connection, name_space;
} shared = {-1, -1, -1};

int net_send_packet(int fd, const void *bytes, size_t length, int passed) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (passed >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof(control);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof(passed));
  }
  ssize_t sent;
  do sent = sendmsg(fd, &message, MSG_NOSIGNAL); while (sent < 0 && errno == EINTR);
  return sent < 0 ? -1 : 0;
}

long net_receive_packet(int fd, void *bytes, size_t size, int *passed) {
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  *passed = -1;
  ssize_t length;
  do length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC); while (length < 0 && errno == EINTR);
  if (length < 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    memcpy(passed, CMSG_DATA(header), sizeof(*passed));
  }
  return length;
}

// The socket's path goes through the directory's descriptor: a run-time directory may be longer than a socket's path.
static int socket_address(int directory, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  return snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/network", directory);
}

static int start_keeper(const char *path, unsigned linger, const struct sockaddr_un *address) {
  CLEAN_FD int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listening < 0) return fail("network");
  if (unlinkat(shared.directory, "network", 0) < 0 && errno != ENOENT) return fail("network");
  mode_t mask = umask(0077);
  int bound = bind(listening, (const struct sockaddr *)address, sizeof(*address));
  umask(mask);
  if (bound < 0 || listen(listening, 128) < 0) return fail("network");
  pid_t pid = fork();
  if (pid < 0) return fail("fork");
  if (pid == 0) {
    // A child of nobody: it outlives this container.
    if (fork() != 0) _exit(0);
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) dup2(null, fd);
    // The keeper is a user of the user namespace: its holder must not end before what belongs to it.
    int users = user_namespace_users();
    int kept[] = {fcntl(listening, F_DUPFD, 16), users < 0 ? -1 : fcntl(users, F_DUPFD, 16)};
    dup2(kept[0], 3);
    if (users >= 0) dup2(kept[1], NET_KEEPER_USERS);
    if (syscall(SYS_close_range, users < 0 ? NET_KEEPER_USERS : NET_KEEPER_USERS + 1, ~0U, 0) < 0) _exit(1);
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%u", linger);
    char *argv[] = {"wherry-launcher", "network-keeper", "3", seconds, (char *)path, NULL};
    char *environment[] = {NULL};
    execve("/proc/self/exe", argv, environment);
    _exit(1);
  }
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return 0;
}

static int request(const void *bytes, size_t length, int *passed) {
  struct { int32_t error; char text[1024]; } answer = {0};
  if (net_send_packet(shared.connection, bytes, length, -1) < 0) return fail("network");
  long received = net_receive_packet(shared.connection, &answer, sizeof(answer) - 1, passed);
  if (received < 0) return fail("network");
  if (received < (long)sizeof(answer.error)) {
    errno = ECONNRESET;
    return fail_detail("network", "the keeper of the shared network ended before it was ready");
  }
  if (answer.error == 0) return 0;
  errno = answer.error;
  return fail_detail("network", "%s", answer.text);
}

static void leave(void) {
  close(shared.connection);
  if (shared.name_space >= 0) close(shared.name_space);
  shared.connection = shared.name_space = -1;
}

// 0; -1 with a failure, and with errno ECONNREFUSED or ENOENT when no keeper is there.
static int ask_for_namespace(const struct sockaddr_un *address) {
  shared.connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (shared.connection < 0) return fail("network");
  if (connect(shared.connection, (const struct sockaddr *)address, sizeof(*address)) < 0) {
    int error = errno;
    fail("network");
    leave();
    errno = error;
    return -1;
  }
  if (request("n", 1, &shared.name_space) < 0) {
    errno = EPROTO;
    return -1;
  }
  if (shared.name_space >= 0) return 0;
  errno = EPROTO;
  return fail("network");
}

int net_shared_lock(void) {
  int fd = openat(shared.directory, "network.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail("network.lock");
  int locked;
  do locked = flock(fd, LOCK_EX); while (locked < 0 && errno == EINTR);
  if (locked == 0) return fd;
  fail("network.lock");
  close(fd);
  return -1;
}

int net_shared_join(const char *directory, unsigned linger) {
  if (shared.name_space >= 0) return 0;
  if (shared.directory < 0) shared.directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (shared.directory < 0) return fail(directory);
  // With the lock held, the keeper doesn't go away.
  CLEAN_FD int lock = net_shared_lock();
  if (lock < 0) return -1;
  struct sockaddr_un address;
  socket_address(shared.directory, &address);
  if (ask_for_namespace(&address) == 0) {
    if (net_namespace_is_ours(shared.name_space)) return 0;
    // The holder was killed, and this process is in a new user namespace. That keeper stays with those it has.
    leave();
  } else if (errno != ECONNREFUSED && errno != ENOENT) {
    return -1;
  }
  fail_clear();
  if (start_keeper(directory, linger, &address) < 0) return -1;
  return ask_for_namespace(&address);
}

int net_shared_namespace(void) { return shared.name_space; }

int net_shared_helper(const char *const *argv, size_t argc) {
  static char packet[NET_PACKET];
  size_t length = 0;
  packet[length++] = 'p';
  for (size_t i = 0; i < argc; i++) {
    size_t size = strlen(argv[i]) + 1;
    if (length + size > sizeof(packet)) {
      errno = E2BIG;
      return fail(argv[0]);
    }
    memcpy(packet + length, argv[i], size);
    length += size;
  }
  int none;
  return request(packet, length, &none);
}
