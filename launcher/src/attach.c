#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

static struct client {
  int fd;  // -1: free
  uint8_t wants;
  bool greeted, blocked, first;
  // Frames kept for later, each with its length before it; those before kept_at are sent.
  char *kept;
  size_t kept_at, kept_used, kept_size;
} clients[CLIENTS_MAX];

static unsigned highest;  // clients[highest] and up were never used
static int listening = -1;
static bool keeping, with_terminal, takes_input;
static struct { enum frame frame; const char *bytes; size_t length; } output;

int attach_listen(int directory, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach"};
  // By the short name from within: an address has 108 bytes, a path may have more.
  if (fchdir(directory) != 0) return fail(path);
  if (unlink("attach") != 0 && errno != ENOENT) return fail(path);
  listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t before = umask(0177);
  int result = listening < 0 ? -1 : bind(listening, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (result != 0 || listen(listening, 16) != 0) return fail(path);
  return chdir("/") == 0 ? 0 : fail("/");
}

void attach_close_listening(int directory) {
  if (listening < 0) return;
  unlinkat(directory, "attach", 0);
  close_fd(&listening);
}

static struct client *free_client(void) {
  for (unsigned i = 0; i < CLIENTS_MAX; i++) {
    if (i < highest && clients[i].fd >= 0) continue;
    if (i == highest) highest++;
    clients[i] = (struct client){.fd = -1};
    return &clients[i];
  }
  return NULL;
}

static void drop(struct client *client) {
  close_fd(&client->fd);
  free(client->kept);
  *client = (struct client){.fd = -1};
}

void attach_first(int fd, unsigned wants) {
  struct client *client = free_client();
  *client = (struct client){.fd = fd, .wants = (uint8_t)wants, .greeted = true, .first = true};
}

void attach_set_terminal(bool terminal, bool input) {
  with_terminal = terminal;
  takes_input = input;
}

// 1 when sent, 0 when there is no room, -1 when the client is gone.
static int send_frame(int fd, enum frame frame, const void *bytes, size_t length, int flags) {
  char type = (char)frame;
  struct iovec parts[] = {{&type, 1}, {(void *)bytes, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  for (;;) {
    if (sendmsg(fd, &message, MSG_NOSIGNAL | flags) >= 0) return 1;
    if (errno == EAGAIN || errno == ENOBUFS) return 0;
    if (errno != EINTR) return -1;
  }
}

static void keep(struct client *client, enum frame frame, const void *bytes, size_t length) {
  uint32_t size = (uint32_t)length + 1;
  size_t need = client->kept_used + sizeof size + size;
  if (need > client->kept_size) {
    size_t grown = need + 64 * 1024;
    char *memory = realloc(client->kept, grown);
    if (memory == NULL) {
      // A client that gets less than everything must see that it does.
      drop(client);
      return;
    }
    client->kept = memory;
    client->kept_size = grown;
  }
  memcpy(client->kept + client->kept_used, &size, sizeof size);
  client->kept[client->kept_used + sizeof size] = (char)frame;
  memcpy(client->kept + client->kept_used + sizeof size + 1, bytes, length);
  client->kept_used = need;
}

// Sends what was kept as far as there is room, or all of it: 1 when nothing is left, 0 when something is, -1 when the client
// is gone.
static int send_kept(struct client *client, int flags) {
  while (client->kept_at < client->kept_used) {
    uint32_t size;
    memcpy(&size, client->kept + client->kept_at, sizeof size);
    const char *frame = client->kept + client->kept_at + sizeof size;
    int sent = send_frame(client->fd, (enum frame)frame[0], frame + 1, size - 1, flags);
    if (sent <= 0) return sent;
    client->kept_at += sizeof size + size;
  }
  free(client->kept);
  client->kept = NULL;
  client->kept_at = client->kept_used = client->kept_size = 0;
  return 1;
}

static void deliver(struct client *client) {
  int sent = send_kept(client, MSG_DONTWAIT);
  if (sent > 0) sent = send_frame(client->fd, output.frame, output.bytes, output.length, MSG_DONTWAIT);
  client->blocked = sent == 0 && !keeping;
  if (sent < 0) drop(client);
  else if (sent == 0 && keeping) keep(client, output.frame, output.bytes, output.length);
}

void attach_output(enum frame frame, const char *bytes, size_t length) {
  unsigned wanted = frame == FRAME_STDERR ? WANTS_STDERR : WANTS_STDOUT;
  output.frame = frame;
  output.bytes = bytes;
  output.length = length;
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].greeted && (clients[i].wants & wanted)) deliver(&clients[i]);
  }
}

bool attach_blocked(void) {
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].blocked) return true;
  }
  return false;
}

void attach_keep_for_later(void) {
  keeping = true;
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].blocked) deliver(&clients[i]);
  }
}

// A small frame for one client, which must not keep the others waiting.
static void notify(struct client *client, enum frame frame, const void *bytes, size_t length) {
  int sent = send_kept(client, MSG_DONTWAIT);
  if (sent > 0) sent = send_frame(client->fd, frame, bytes, length, MSG_DONTWAIT);
  if (sent < 0) drop(client);
  else if (sent == 0) keep(client, frame, bytes, length);
}

void attach_input_taken(int client) {
  if (client >= 0 && clients[client].fd >= 0) notify(&clients[client], FRAME_INPUT_TAKEN, "", 0);
}

void attach_input_closed(void) {
  takes_input = false;
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].greeted) notify(&clients[i], FRAME_INPUT_CLOSED, "", 0);
  }
}

void attach_to_first(enum frame frame, const void *bytes, size_t length) {
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].first) notify(&clients[i], frame, bytes, length);
  }
}

void attach_drop_first(void) {
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd >= 0 && clients[i].first) drop(&clients[i]);
  }
}

void attach_finish(int status) {
  char code = (char)status;
  for (unsigned i = 0; i < highest; i++) {
    struct client *client = &clients[i];
    if (client->fd < 0) continue;
    if (send_kept(client, 0) > 0) send_frame(client->fd, FRAME_EXITED, &code, 1, 0);
    drop(client);
  }
}

unsigned attach_poll(struct pollfd *fds, int input_from) {
  unsigned count = 0;
  if (listening >= 0) fds[count++] = (struct pollfd){.fd = listening, .events = POLLIN};
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd < 0) continue;
    bool later = input_from >= 0 && (unsigned)input_from != i && (clients[i].wants & WANTS_INPUT);
    fds[count++] = (struct pollfd){.fd = clients[i].fd, .events = later ? 0 : POLLIN};
    if (clients[i].blocked || clients[i].kept_used > 0) fds[count - 1].events |= POLLOUT;
  }
  return count;
}

static void accept_client(void) {
  CLEAN_FD int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  // In a namespace that root made, root itself has no id, and shows as the overflow one.
  if (peer.uid != geteuid() && peer.uid != 65534) return;
  struct client *client = free_client();
  if (client == NULL) return;
  client->fd = fd;
  fd = -1;
}

static void hello(struct client *client, const char *bytes, size_t length) {
  if (client->greeted || length != 1) return;
  client->greeted = true;
  client->wants = (uint8_t)bytes[0];
  char answer[] = {with_terminal, takes_input};
  notify(client, FRAME_ACCEPTED, answer, sizeof answer);
}

static void receive(struct client *client, const struct attach_events *events) {
  static char frame[FRAME_MAX + 1];
  ssize_t got = recv(client->fd, frame, sizeof frame, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(client);
    return;
  }
  const char *bytes = frame + 1;
  size_t length = (size_t)got - 1;
  const unsigned char *u = (const unsigned char *)bytes;
  switch (frame[0]) {
    case FRAME_HELLO: hello(client, bytes, length); break;
    case FRAME_INPUT:
    case FRAME_INPUT_END:
      if (!client->greeted || !(client->wants & WANTS_INPUT) ||
          !events->input((int)(client - clients), bytes, length, frame[0] == FRAME_INPUT_END)) {
        drop(client);
      }
      break;
    case FRAME_WINDOW:
      if (length == 4) events->window((uint16_t)(u[0] | u[1] << 8), (uint16_t)(u[2] | u[3] << 8));
      break;
    case FRAME_SIGNAL:
      if (length == 1 && u[0] <= 64) events->signal(u[0]);
      break;
    case FRAME_DETACH:
      if (client->greeted) events->detach();
      break;
    default: drop(client);
  }
}

static struct client *client_of(int fd) {
  for (unsigned i = 0; i < highest; i++) {
    if (clients[i].fd == fd) return &clients[i];
  }
  return NULL;
}

void attach_handle(const struct pollfd *fds, unsigned count, const struct attach_events *events) {
  for (unsigned i = 0; i < count; i++) {
    if (fds[i].revents == 0) continue;
    if (fds[i].fd == listening) {
      accept_client();
      continue;
    }
    struct client *client = client_of(fds[i].fd);
    if (client != NULL && (fds[i].revents & POLLOUT)) {
      if (client->blocked) deliver(client);
      else if (send_kept(client, MSG_DONTWAIT) < 0) drop(client);
    }
    // Behind a hang-up there may still be frames.
    if (client != NULL && client->fd >= 0 && (fds[i].revents & (POLLIN | POLLHUP | POLLERR))) receive(client, events);
  }
}
