#include "net_dns_names.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net_link.h"
#include "util.h"

enum { HEADER = 12, NAME = 256 };
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_ANY = 255, CLASS_IN = 1 };
enum { NO_ERROR = 0, SERVER_FAILURE = 2, NO_SUCH_NAME = 3 };
enum { FLAG_CUT = 2 };

static struct {
  int inside, directory;
  char *names;  // the file's text
  size_t length;
  ino_t inode;
  struct timespec changed;
} dns = {.inside = -1, .directory = -1};

void net_dns_names_open(int inside, int directory) {
  dns.inside = inside;
  dns.directory = directory;
}

static void read_names(void) {
  CLEAN_FD int fd = openat(dns.directory, "names", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat state;
  if (fd < 0 || fstat(fd, &state) < 0) return;
  if (dns.names != NULL && state.st_ino == dns.inode && state.st_mtim.tv_sec == dns.changed.tv_sec &&
      state.st_mtim.tv_nsec == dns.changed.tv_nsec) {
    return;
  }
  if (state.st_size > 16 * 1024 * 1024) return;
  char *text = malloc((size_t)state.st_size + 1);
  if (text == NULL) return;
  ssize_t length = read_text(dns.directory, "names", text, (size_t)state.st_size + 1);
  if (length < 0) {
    free(text);
    return;
  }
  free(dns.names);
  dns.names = text;
  dns.length = (size_t)length;
  dns.inode = state.st_ino;
  dns.changed = state.st_mtim;
}

// ---- the file ----

struct line { char words[2048]; char *at; };

static const char *next_line(const char *text, struct line *line) {
  if (text == NULL || *text == '\0') return NULL;
  const char *end = strchrnul(text, '\n');
  size_t length = (size_t)(end - text);
  if (length >= sizeof(line->words)) length = sizeof(line->words) - 1;
  memcpy(line->words, text, length);
  line->words[length] = '\0';
  line->at = line->words;
  return *end == '\0' ? end : end + 1;
}

static const char *word(struct line *line) {
  const char *found = strsep(&line->at, " ");
  return found == NULL ? "" : found;
}

// IPv4 as mapped into IPv6, so that there is one kind of address.
static bool parse_mapped(const char *text, unsigned char bytes[16]) {
  if (inet_pton(AF_INET6, text, bytes) == 1) return true;
  memset(bytes, 0, 10);
  bytes[10] = bytes[11] = 0xff;
  return inet_pton(AF_INET, text, bytes + 12) == 1;
}

static bool contains(const char *cidr, const unsigned char address[16]) {
  char host[INET6_ADDRSTRLEN] = {0};
  const char *slash = strchr(cidr, '/');
  if (slash == NULL || (size_t)(slash - cidr) >= sizeof(host)) return false;
  memcpy(host, cidr, (size_t)(slash - cidr));
  unsigned char bytes[16];
  if (!parse_mapped(host, bytes)) return false;
  int prefix = atoi(slash + 1) + (strchr(host, ':') == NULL ? 96 : 0);
  for (int bit = 0; bit < prefix && bit < 128; bit++) {
    if (((bytes[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

static bool link_is_there(const char *name) {
  int index = strcmp(name, "-") == 0 ? 1 : net_link_index(dns.inside, name);
  return index > 0;
}

// ---- the packets (RFC 1035, 4.1) ----

struct question {
  char name[NAME];
  uint16_t type, class;
  size_t end;  // offset behind it
};

static bool read_question(const unsigned char *packet, size_t length, struct question *question) {
  if (length < HEADER || (packet[2] & 0x80) != 0 || packet[4] != 0 || packet[5] != 1) return false;
  size_t at = HEADER, out = 0;
  while (at < length && packet[at] != 0) {
    size_t label = packet[at++];
    if (label > 63 || at + label > length || out + label + 2 > NAME) return false;
    if (out > 0) question->name[out++] = '.';
    memcpy(question->name + out, packet + at, label);
    out += label;
    at += label;
  }
  if (at + 5 > length) return false;
  question->name[out] = '\0';
  question->type = (uint16_t)(packet[at + 1] << 8 | packet[at + 2]);
  question->class = (uint16_t)(packet[at + 3] << 8 | packet[at + 4]);
  question->end = at + 5;
  return strlen(question->name) == out;
}

static void add_record(struct net_dns_reply *answer, uint16_t type, const void *data, size_t length) {
  // A pointer to the question's name; class IN; ten minutes is what Docker says.
  const unsigned char head[] = {0xc0, HEADER, (unsigned char)(type >> 8), (unsigned char)type, 0, CLASS_IN,
                                0, 0, 2, 0x58, (unsigned char)(length >> 8), (unsigned char)length};
  if (answer->length + sizeof(head) + length > answer->limit) {
    answer->cut = true;
    return;
  }
  memcpy(answer->bytes + answer->length, head, sizeof(head));
  memcpy(answer->bytes + answer->length + sizeof(head), data, length);
  answer->length += sizeof(head) + length;
  answer->count++;
}

static void add_name(struct net_dns_reply *answer, const char *name) {
  unsigned char encoded[NAME + 1];
  size_t length = 0;
  for (;;) {
    size_t label = strcspn(name, ".");
    if (label == 0 || label > 63 || length + label + 2 > NAME - 1) return;
    encoded[length] = (unsigned char)label;
    memcpy(encoded + length + 1, name, label);
    length += label + 1;
    if (name[label] == '\0') break;
    name += label + 1;
  }
  encoded[length] = 0;
  add_record(answer, TYPE_PTR, encoded, length + 1);
}

static void reverse_name(const unsigned char address[16], char *name) {
  static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (memcmp(address, mapped, sizeof(mapped)) == 0) {
    sprintf(name, "%d.%d.%d.%d.in-addr.arpa", address[15], address[14], address[13], address[12]);
    return;
  }
  for (int i = 15; i >= 0; i--) name += sprintf(name, "%x.%x.", address[i] & 15, address[i] >> 4);
  strcpy(name, "ip6.arpa");
}

// One line `name`: whether it is what was asked for, and its records.
static bool answer_member(struct line *line, const struct question *question, struct net_dns_reply *answer) {
  unsigned char address[16];
  if (!parse_mapped(word(line), address)) return false;
  const char *link = word(line);
  char reverse[NAME];
  reverse_name(address, reverse);
  if (strcasecmp(question->name, reverse) == 0 && link_is_there(link)) {
    if (question->type == TYPE_PTR || question->type == TYPE_ANY) add_name(answer, word(line));
    return true;
  }
  for (const char *name = word(line); *name != '\0'; name = word(line)) {
    if (strcasecmp(name, question->name) != 0 || !link_is_there(link)) continue;
    bool is_v4 = address[10] == 0xff && address[11] == 0xff && address[0] == 0;
    if (question->type == (is_v4 ? TYPE_A : TYPE_AAAA) || question->type == TYPE_ANY) {
      add_record(answer, is_v4 ? TYPE_A : TYPE_AAAA, is_v4 ? address + 12 : address, is_v4 ? 4 : 16);
    }
    return true;
  }
  return false;
}

enum outcome { UNKNOWN, KNOWN, UNKNOWN_INTERNAL };

static enum outcome look_up(const struct question *question, const unsigned char client[16], struct net_dns_reply *answer) {
  struct line line;
  bool mine = false, internal = false, is_internal = false, seen = false, known = false;
  for (const char *text = dns.names; (text = next_line(text, &line)) != NULL;) {
    const char *kind = word(&line);
    if (strcmp(kind, "network") == 0) {
      mine = contains(word(&line), client);
      is_internal = strcmp(word(&line), "internal") == 0;
      if (mine) internal = seen ? internal && is_internal : is_internal;
      seen = seen || mine;
    } else if (!mine && strcmp(kind, "also") == 0) {
      unsigned char address[16];
      mine = parse_mapped(word(&line), address) && memcmp(address, client, sizeof(address)) == 0;
      if (mine) internal = seen ? internal && is_internal : is_internal;
      seen = seen || mine;
    } else if (mine && strcmp(kind, "name") == 0 && answer_member(&line, question, answer)) known = true;
  }
  if (known) return KNOWN;
  return internal ? UNKNOWN_INTERNAL : UNKNOWN;
}

static void finish(const unsigned char *packet, const struct question *question, struct net_dns_reply *answer, int code) {
  memcpy(answer->bytes, packet, question->end);
  answer->bytes[2] = (unsigned char)(0x84 | (packet[2] & 0x79) | (answer->cut ? FLAG_CUT : 0));
  answer->bytes[3] = (unsigned char)(0x80 | code);
  answer->bytes[4] = 0;
  answer->bytes[5] = 1;
  answer->bytes[6] = (unsigned char)(answer->count >> 8);
  answer->bytes[7] = (unsigned char)answer->count;
  memset(answer->bytes + 8, 0, 4);
}

enum net_dns_verdict net_dns_decide(const unsigned char *packet, size_t length, const struct in6_addr *client,
                                    struct net_dns_reply *answer) {
  struct question question;
  if (!read_question(packet, length, &question)) return NET_DNS_IGNORE;
  read_names();
  answer->length = question.end;
  answer->count = 0;
  answer->cut = false;
  enum outcome outcome = question.class == CLASS_IN ? look_up(&question, client->s6_addr, answer) : UNKNOWN;
  if (outcome == KNOWN) {
    finish(packet, &question, answer, NO_ERROR);
    return NET_DNS_REPLY;
  }
  // A name without a dot is a member's or nobody's: the world outside needn't hear of it.
  bool nobodys = outcome == UNKNOWN_INTERNAL || strchr(question.name, '.') == NULL;
  finish(packet, &question, answer, nobodys ? NO_SUCH_NAME : SERVER_FAILURE);
  return nobodys ? NET_DNS_REPLY : NET_DNS_PASS_ON;
}

unsigned net_dns_upstreams(struct sockaddr_in6 servers[NET_DNS_UPSTREAMS]) {
  unsigned count = 0;
  struct line line;
  for (const char *text = dns.names; count < NET_DNS_UPSTREAMS && (text = next_line(text, &line)) != NULL;) {
    if (strcmp(word(&line), "upstream") != 0) continue;
    servers[count] = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(53)};
    if (parse_mapped(word(&line), servers[count].sin6_addr.s6_addr)) count++;
  }
  return count;
}
