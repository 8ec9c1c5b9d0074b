#include "net_attendant.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "net_forward.h"
#include "net_shared.h"
#include "util.h"

enum { MAX_PORTS = 4096, MAX_HELPERS = 4, MAX_ARGUMENTS = 120, PATIENCE_MS = 250, RETRY_MS = 5 };
// One that ends again and again, each time sooner than that, is given up until the container's next start.
enum { GOOD_RUN_MS = 10000, SHORT_RUNS = 5 };

struct own_helper {
  struct net_helper helper;
  const char *arguments[MAX_ARGUMENTS];
  pid_t pid;
  int pidfd;  // -1 while there is nothing to be watched
  int64_t since;
  unsigned short_runs;
};

static struct {
  struct net_port *ports;
  size_t port_count;
  struct net_port *reserved;  // those that a helper is going to listen on
  size_t reserved_count;
  struct own_helper helpers[MAX_HELPERS];
  size_t helper_count;
  const char *runtime;
  int channel;  // to the attendant
  pid_t pid;
  int64_t since;
  unsigned short_runs;
} attendant = {.channel = -1};

static bool is_helpers(const struct operation *op) { return op->args[3].length == 0; }

static int listen_patiently(struct net_port *port, uint8_t protocol, const struct operation *op, uint16_t host, uint16_t to) {
  int64_t deadline = monotonic_ms() + PATIENCE_MS;
  for (;;) {
    int error = net_port_open(port, protocol, op->args[1].text, host, is_helpers(op) ? "::" : op->args[3].text, to);
    // Who listened there may be on its way out.
    if (error != -EADDRINUSE || monotonic_ms() >= deadline) return error;
    usleep(RETRY_MS * 1000);
  }
}

int net_attendant_forward(const struct operation *op) {
  static const char *const protocols[] = {"tcp", "udp", NULL};
  int protocol;
  uint64_t host_port, container_port;
  if (argument_word(op, 0, protocols, &protocol) != 0 || argument_number(op, 2, 65535, &host_port) != 0 ||
      argument_number(op, 4, 65535, &container_port) != 0) {
    return -1;
  }
  struct net_port **list = is_helpers(op) ? &attendant.reserved : &attendant.ports;
  size_t *count = is_helpers(op) ? &attendant.reserved_count : &attendant.port_count;
  if (*list == NULL) *list = calloc(MAX_PORTS, sizeof(**list));
  if (*list == NULL) return fail(NULL);
  if (*count == MAX_PORTS) {
    errno = EMFILE;
    return fail_detail(NULL, "more than %d ports are published", MAX_PORTS);
  }
  struct net_port *port = &(*list)[*count];
  int error = listen_patiently(port, protocol == 0 ? IPPROTO_TCP : IPPROTO_UDP, op, (uint16_t)host_port,
                               (uint16_t)container_port);
  if (error == 0) {
    ++*count;
    return 0;
  }
  char place[INET6_ADDRSTRLEN + 16];
  snprintf(place, sizeof(place), "%s:%u/%s", op->args[1].length == 0 ? "*" : op->args[1].text, (unsigned)host_port,
           protocols[protocol]);
  errno = -error;
  if (error == -EADDRINUSE) return fail_detail(place, "port %s is in use", place);
  if (error == -EADDRNOTAVAIL) return fail_detail(place, "port %s can't be published: the host has no such address", place);
  if (error == -EACCES) return fail_detail(place, "port %s may not be published by an ordinary user", place);
  return fail(place);
}

int net_read_helper(const struct operation *op, struct net_helper *helper, const char **arguments, size_t most) {
  static const char *const readiness[] = {"descriptor", "exits", "path", NULL};
  int kind;
  if (argument_word(op, 1, readiness, &kind) != 0) return -1;
  if (op->argc - 3u > most) {
    errno = E2BIG;
    return fail(op->args[0].text);
  }
  for (unsigned i = 3; i < op->argc; i++) arguments[i - 3] = op->args[i].text;
  *helper = (struct net_helper){.program = op->args[0].text, .readiness = (enum net_readiness)kind,
                                .ready_path = op->args[2].text, .arguments = arguments, .argc = op->argc - 3u};
  return 0;
}

int net_attendant_helper(const struct operation *op) {
  if (attendant.helper_count == MAX_HELPERS) {
    errno = E2BIG;
    return fail(op->args[0].text);
  }
  struct own_helper *own = &attendant.helpers[attendant.helper_count];
  if (net_read_helper(op, &own->helper, own->arguments, MAX_ARGUMENTS) != 0) return -1;
  attendant.helper_count++;
  return 0;
}

static size_t describe_ports(const struct net_port *ports, size_t count, char *text, size_t size) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    const struct net_port *port = &ports[i];
    length += (size_t)snprintf(text + length, size - length, "%s %s %u %u\n",
                               port->protocol == IPPROTO_TCP ? "tcp" : "udp",
                               port->host_ip[0] == '\0' ? "*" : port->host_ip, port->host_port,
                               ntohs(port->target.sin6_port));
  }
  return length;
}

static int write_ports(const char *directory) {
  size_t size = (attendant.port_count + attendant.reserved_count) * 96 + 1;
  CLEAN_MEMORY char *text = malloc(size);
  if (text == NULL) return fail(directory);
  size_t length = describe_ports(attendant.ports, attendant.port_count, text, size);
  length += describe_ports(attendant.reserved, attendant.reserved_count, text + length, size - length);
  CLEAN_FD int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || replace_file(fd, "ports", 0600, text, length) != 0) return fail("ports");
  return 0;
}

// ---- in the attendant ----

// Only the ports and the channel stay open: what the monitor has would be kept alive by this process.
static void close_others(int channel) {
  int low = 3;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < low && null >= 0; fd++) dup2(null, fd);
  for (int fd = low;; fd++) {
    int next = channel >= fd ? channel : -1;
    for (size_t i = 0; i < attendant.port_count; i++) {
      int candidate = attendant.ports[i].fd;
      if (candidate >= fd && (next < 0 || candidate < next)) next = candidate;
    }
    if (next < 0) {
      syscall(SYS_close_range, fd, ~0U, 0);
      return;
    }
    if (next > fd) syscall(SYS_close_range, fd, next - 1, 0);
    fd = next;
  }
}

static void end(pid_t *pid) {
  if (*pid > 0) {
    kill(*pid, SIGKILL);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) continue;
  }
  *pid = 0;
}

// The process that carries the ports where this one keeps helpers.
static struct { pid_t pid; int channel; int64_t since; unsigned short_runs; } forwarder = {.channel = -1};

static void end_forwarder(void) {
  end(&forwarder.pid);
  close_fd(&forwarder.channel);
}

// 0 or an errno.
static int start_forwarder(int name_space) {
  int pair[2];
  int32_t error = 0;
  int none;
  if (attendant.port_count == 0) return 0;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return errno;
  forwarder.since = monotonic_ms();
  forwarder.pid = fork();
  if (forwarder.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pair[0]);
    net_forward_loop(attendant.ports, attendant.port_count, pair[1]);
    _exit(0);
  }
  close(pair[1]);
  forwarder.channel = pair[0];
  if (forwarder.pid < 0 || net_send_packet(pair[0], "n", 1, name_space) < 0 ||
      net_receive_packet(pair[0], &error, sizeof(error), &none) < 0) {
    return errno;
  }
  return error;
}

static int start_helper(struct own_helper *own, int name_space, const char *runtime, char *text, size_t size) {
  own->since = monotonic_ms();
  own->pid = net_helper_start(&own->helper, name_space, runtime, text, size);
  own->pidfd = own->pid > 0 ? pidfd_open_(own->pid) : -1;
  return own->pid < 0 ? -own->pid : 0;
}

static void end_helper(struct own_helper *own) {
  end(&own->pid);
  close_fd(&own->pidfd);
}

// Whether one that ended, having run since then, is to have another in its place.
static bool again(int64_t since, unsigned *short_runs) {
  *short_runs = monotonic_ms() - since < GOOD_RUN_MS ? *short_runs + 1 : 0;
  return *short_runs < SHORT_RUNS;
}

// Until the container starts anew, or its monitor has ended: what ends is started again.
static void watch(int channel, int name_space, const char *runtime) {
  for (;;) {
    char ignored[1024];
    struct pollfd polled[2 + MAX_HELPERS] = {{.fd = channel, .events = POLLIN}, {.fd = forwarder.channel, .events = POLLIN}};
    for (size_t i = 0; i < attendant.helper_count; i++) {
      polled[2 + i] = (struct pollfd){.fd = attendant.helpers[i].pidfd, .events = POLLIN};
    }
    if (poll(polled, 2 + attendant.helper_count, -1) < 0) continue;
    if (polled[0].revents != 0) return;
    if (polled[1].revents != 0) {
      end_forwarder();
      if (again(forwarder.since, &forwarder.short_runs)) (void)start_forwarder(name_space);
    }
    for (size_t i = 0; i < attendant.helper_count; i++) {
      struct own_helper *own = &attendant.helpers[i];
      if (polled[2 + i].revents == 0) continue;
      end_helper(own);
      if (again(own->since, &own->short_runs)) (void)start_helper(own, name_space, runtime, ignored, sizeof(ignored));
    }
  }
}

// With helpers, this process stays in the host's network, where they are started at each start of the container; another
// carries the ports.
static void attend_helpers(int channel, const char *runtime) {
  int name_space = -1;
  for (size_t i = 0; i < attendant.helper_count; i++) attendant.helpers[i].pidfd = -1;
  for (;;) {
    struct { int32_t error; char text[1024]; } answer = {0};
    char byte;
    close_fd(&name_space);
    if (net_receive_packet(channel, &byte, 1, &name_space) <= 0) return;
    end_forwarder();
    forwarder.short_runs = 0;
    for (size_t i = 0; i < attendant.helper_count; i++) end_helper(&attendant.helpers[i]);
    for (size_t i = 0; i < attendant.helper_count && answer.error == 0; i++) {
      attendant.helpers[i].short_runs = 0;
      answer.error = start_helper(&attendant.helpers[i], name_space, runtime, answer.text, sizeof(answer.text));
    }
    if (answer.error == 0) answer.error = start_forwarder(name_space);
    if (net_send_packet(channel, &answer, sizeof(answer.error) + strlen(answer.text) + 1, -1) < 0) return;
    watch(channel, name_space, runtime);
  }
}

static void attend(int channel, const char *runtime) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "wherry-ports");
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_IGN);
  close_others(channel);
  if (attendant.helper_count > 0) attend_helpers(channel, runtime);
  else net_forward_loop(attendant.ports, attendant.port_count, channel);
  _exit(0);
}

// ---- in the monitor, and in the container's process ----

// The ports stay open here, too: who connects while there is no attendant waits for the next one.
static int spawn(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return fail(NULL);
  attendant.pid = fork();
  if (attendant.pid == 0) attend(pair[1], attendant.runtime);
  close(pair[1]);
  attendant.channel = pair[0];
  attendant.since = monotonic_ms();
  return attendant.pid < 0 ? fail("fork") : 0;
}

int net_attendant_start(const struct operation *op) {
  if (write_ports(op->args[1].text) != 0) return -1;
  for (size_t i = 0; i < attendant.reserved_count; i++) close(attendant.reserved[i].fd);
  attendant.runtime = op->args[0].text;
  return spawn();
}

int net_attendant_ready(void) {
  struct { int32_t error; char text[1024]; } answer = {0};
  CLEAN_FD int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CLEAN_FD int name_space = any < 0 ? -1 : ioctl(any, SIOCGSKNS);
  if (name_space < 0) return fail("network namespace");
  int none;
  long length = -1;
  if (net_send_packet(attendant.channel, "n", 1, name_space) == 0) {
    length = net_receive_packet(attendant.channel, &answer, sizeof(answer) - 1, &none);
  }
  if (length < (long)sizeof(answer.error)) {
    errno = ESRCH;
    return fail_detail(NULL, "the process that carries the container's ports has ended");
  }
  if (answer.error == 0) return 0;
  errno = answer.error;
  if (answer.text[0] == '\0') return fail("network namespace");
  return fail_detail(NULL, "a helper of the network said: %s", answer.text);
}

// Where the container shares another one's processes, this process has joined that one's namespace for its children, and can't leave
// it: an attendant doesn't belong there.
static bool has_children_here(void) {
  struct stat own, childrens;
  return stat("/proc/self/ns/pid", &own) == 0 && stat("/proc/self/ns/pid_for_children", &childrens) == 0 &&
         own.st_ino == childrens.st_ino;
}

static void reap(void) {
  if (attendant.pid > 0) end(&attendant.pid);
  close_fd(&attendant.channel);
}

void net_attendant_renew(void) {
  struct pollfd look = net_attendant_poll();
  if (attendant.runtime == NULL || !has_children_here()) return;
  if (look.fd >= 0 && (poll(&look, 1, 0) <= 0 || (look.revents & POLLHUP) == 0)) return;
  reap();
  attendant.short_runs = 0;
  // Whoever asks whether it is ready hears that it isn't there.
  (void)spawn();
}

struct pollfd net_attendant_poll(void) { return (struct pollfd){.fd = attendant.channel, .events = POLLIN}; }

void net_attendant_handle(const struct pollfd *polled, pid_t init) {
  char text[1024];
  int none;
  if (polled->revents == 0) return;
  // How the last one got on: nobody is there to be told.
  if ((polled->revents & POLLIN) != 0 && net_receive_packet(polled->fd, text, sizeof(text), &none) > 0) return;
  attendant.short_runs = monotonic_ms() - attendant.since < GOOD_RUN_MS ? attendant.short_runs + 1 : 0;
  reap();
  if (attendant.short_runs >= SHORT_RUNS || !has_children_here()) return;
  snprintf(text, sizeof(text), "/proc/%d/ns/net", (int)init);
  CLEAN_FD int name_space = open(text, O_RDONLY | O_CLOEXEC);
  if (name_space < 0 || spawn() != 0) return;
  (void)net_send_packet(attendant.channel, "n", 1, name_space);
}

void net_attendant_stop(void) {
  reap();
  attendant.runtime = NULL;
  for (size_t i = 0; i < attendant.port_count; i++) close(attendant.ports[i].fd);
  attendant.port_count = 0;
}
