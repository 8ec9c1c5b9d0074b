// What the kernel keeps for the namespaces and for the process: names, sysctls, the loopback link, limits.
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container.h"
#include "fail.h"
#include "net_large.h"
#include "util.h"

int set_hostname(const struct operation *op) {
  const char *name = op->args[0].text;
  int result = op->opcode == OP_HOSTNAME ? sethostname(name, op->args[0].length) : setdomainname(name, op->args[0].length);
  return result == 0 ? 0 : fail(name);
}

int set_sysctl(const struct child *child, const struct operation *op) {
  char path[256];
  const char *name = op->args[0].text;
  // Dots are slashes, and the other way round, as sysctl(8) has it: net.ipv4.conf.eth0/1.forwarding.
  if (snprintf(path, sizeof path, "/proc/sys/%s", name) >= (int)sizeof path || strstr(name, "..") != NULL) {
    errno = EINVAL;
    return fail(name);
  }
  for (char *at = path + strlen("/proc/sys/"); *at != '\0'; at++) {
    if (*at == '.' || *at == '/') *at = *at == '.' ? '/' : '.';
  }
  CLEAN_FD int fd = open_in_container(child, path, O_WRONLY);
  if (fd < 0) return fail(name);
  return write(fd, op->args[1].text, op->args[1].length) >= 0 ? 0 : fail(name);
}

int loopback_up(void) {
  // Published ports are carried to the container by it.
  if (net_loopback_large()) return 0;
  CLEAN_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0 ? 0 : fail("lo");
}

// By the numbers of asm-generic/resource.h, under the names of the flag.
static const char *const resources[] = {"cpu",   "fsize",   "data", "stack", "core",       "rss",      "nproc", "nofile",
                                        "memlock", "as", "locks", "sigpending", "msgqueue", "nice",  "rtprio", "rttime"};

int set_rlimit(const struct operation *op) {
  uint64_t resource, soft = RLIM_INFINITY, hard = RLIM_INFINITY;
  if (argument_number(op, 0, 64, &resource) != 0) return -1;
  if (!argument_empty(op, 1) && argument_number(op, 1, UINT64_MAX, &soft) != 0) return -1;
  if (!argument_empty(op, 2) && argument_number(op, 2, UINT64_MAX, &hard) != 0) return -1;
  struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
  if (setrlimit((int)resource, &limit) == 0) return 0;
  struct rlimit own;
  if (errno != EPERM || getrlimit((int)resource, &own) != 0) return fail(op->args[0].text);
  errno = EPERM;
  return fail_detail(op->args[0].text, "--ulimit can't go beyond your own hard limit for %s, which is %llu",
                     resource < COUNT(resources) ? resources[resource] : op->args[0].text, (unsigned long long)own.rlim_max);
}

// The profile that the next execve(2) changes to (apparmor_parser(8), aa_change_onexec(2)). What the kernel has now of the caller's
// right to do so decides.
int set_apparmor(const struct operation *op) {
  const char *profile = op->args[0].text;
  char line[512];
  if (snprintf(line, sizeof line, "exec %s", profile) >= (int)sizeof line) {
    errno = ENAMETOOLONG;
    return fail(profile);
  }
  if (write_existing(AT_FDCWD, "/proc/self/attr/apparmor/exec", line) == 0) return 0;
  // Before Linux 5.8, and where it is the only module of its sort.
  if (errno == ENOENT && write_existing(AT_FDCWD, "/proc/self/attr/exec", line) == 0) return 0;
  const char *why = errno == ENOENT   ? "no profile of that name is loaded"
                    : errno == EACCES || errno == EPERM ? "you may not change to it"
                    : errno == EINVAL ? "AppArmor isn't enabled on this machine"
                                      : strerror(errno);
  return fail_detail(profile, "the AppArmor profile %s can't be had: %s", profile, why);
}

int set_oom_score_adj(const struct operation *op) {
  // The host's /proc, or after pivot-root the container's.
  const char *value = op->args[0].text;
  if (write_existing(AT_FDCWD, "/proc/self/oom_score_adj", value) == 0) return 0;
  if (errno != EACCES) return fail(value);
  return fail_detail(value, "--oom-score-adj %s can't be had: it takes privilege to make it lower than it is for the caller", value);
}
