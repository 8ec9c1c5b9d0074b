#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net_link.h"
#include "util.h"

enum { PATIENCE_MS = 250, LOOK_MS = 1 };

static bool has_carrier(int fd, struct ifreq *request) {
  // Asking has the link watch done at once, since Linux 6.5 (net/ethtool/ioctl.c, ethtool_op_get_link).
  struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
  request->ifr_data = (void *)&link;
  return ioctl(fd, SIOCETHTOOL, request) == 0 && link.data != 0;
}

void net_link_settle(int fd, const char *name) {
  struct ifreq request = {0};
  if (strlen(name) >= sizeof(request.ifr_name)) return;
  strcpy(request.ifr_name, name);
  for (int64_t until = monotonic_ms() + PATIENCE_MS; has_carrier(fd, &request); usleep(LOOK_MS * 1000)) {
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0 || (request.ifr_flags & IFF_RUNNING) != 0) return;
    if (monotonic_ms() >= until) return;
  }
}
