#include "net_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_dns_names.h"
#include "util.h"

enum { PENDING = 256, PENDING_MS = 8000 };

// A question that was passed on: who asked, and under which number it was passed on.
struct pending {
  struct sockaddr_in6 client;
  uint16_t asked_id;
  uint16_t id;
  int64_t deadline;
};

static struct {
  int inside, outside;
  struct pending pending[PENDING];
  unsigned next;
} dns = {.inside = -1, .outside = -1};

void net_dns_open(int inside, int directory) {
  dns.inside = inside;
  net_dns_names_open(inside, directory);
  // In the host's network, where the host's name servers are: they may well be on its loopback.
  dns.outside = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int off = 0;
  if (dns.outside >= 0) setsockopt(dns.outside, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  else dns.outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int net_dns_inside(void) { return dns.inside; }
int net_dns_outside(void) { return dns.outside; }

static bool pass_on(const struct sockaddr_in6 *client, unsigned char *packet, size_t length) {
  struct sockaddr_in6 servers[NET_DNS_UPSTREAMS];
  unsigned count = net_dns_upstreams(servers);
  struct pending *entry = &dns.pending[dns.next++ % PENDING];
  entry->client = *client;
  entry->asked_id = (uint16_t)(packet[0] << 8 | packet[1]);
  // Not to be guessed by one who would like to answer first.
  if (getrandom(&entry->id, sizeof(entry->id), 0) != sizeof(entry->id)) return false;
  entry->deadline = monotonic_ms() + PENDING_MS;
  packet[0] = (unsigned char)(entry->id >> 8);
  packet[1] = (unsigned char)entry->id;
  bool sent = false;
  // To all at once; the first answer counts.
  for (unsigned i = 0; i < count; i++) {
    if (sendto(dns.outside, packet, length, 0, (struct sockaddr *)&servers[i], sizeof(servers[i])) >= 0) sent = true;
  }
  packet[0] = (unsigned char)(entry->asked_id >> 8);
  packet[1] = (unsigned char)entry->asked_id;
  return sent;
}

void net_dns_question(void) {
  unsigned char packet[NET_DNS_PACKET];
  struct sockaddr_in6 client;
  socklen_t size = sizeof(client);
  ssize_t length = recvfrom(dns.inside, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&client, &size);
  if (length < 0) return;
  struct net_dns_reply reply = {.limit = NET_DNS_UDP_LIMIT};
  enum net_dns_verdict verdict = net_dns_decide(packet, (size_t)length, &client.sin6_addr, &reply);
  if (verdict == NET_DNS_IGNORE || (verdict == NET_DNS_PASS_ON && pass_on(&client, packet, (size_t)length))) return;
  (void)sendto(dns.inside, reply.bytes, reply.length, 0, (const struct sockaddr *)&client, sizeof(client));
}

static bool is_upstream(const struct sockaddr_in6 *from) {
  struct sockaddr_in6 servers[NET_DNS_UPSTREAMS];
  unsigned count = net_dns_upstreams(servers);
  for (unsigned i = 0; i < count; i++) {
    if (memcmp(&servers[i].sin6_addr, &from->sin6_addr, 16) == 0 && from->sin6_port == servers[i].sin6_port) return true;
  }
  return false;
}

void net_dns_answer(void) {
  unsigned char packet[NET_DNS_PACKET];
  struct sockaddr_in6 from;
  socklen_t size = sizeof(from);
  ssize_t length = recvfrom(dns.outside, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &size);
  if (length < 12 || !is_upstream(&from)) return;
  uint16_t id = (uint16_t)(packet[0] << 8 | packet[1]);
  for (unsigned i = 0; i < PENDING; i++) {
    struct pending *entry = &dns.pending[i];
    if (entry->deadline < monotonic_ms() || entry->id != id) continue;
    packet[0] = (unsigned char)(entry->asked_id >> 8);
    packet[1] = (unsigned char)entry->asked_id;
    entry->deadline = 0;
    (void)sendto(dns.inside, packet, (size_t)length, 0, (struct sockaddr *)&entry->client, sizeof(entry->client));
    return;
  }
}
