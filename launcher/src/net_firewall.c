#include "net_firewall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "net_message.h"

enum { MAX_HANDLES = 16, COMMENT = 0 /* NFTNL_UDATA_RULE_COMMENT of libnftnl, as nft(8) prints it */ };

#define TABLE "wherry"

static void message(struct net_batch *batch, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource) {
  const struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
  net_message(batch, type, flags, &header, sizeof(header));
}

static void nft_message(struct net_batch *batch, uint16_t type, uint16_t flags, uint8_t family) {
  message(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0);
}

static void begin(struct net_batch *batch) {
  message(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

static void end(struct net_batch *batch) {
  message(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

// ---- tables and chains: adding one that is there changes nothing ----

struct chain {
  uint8_t family;
  const char *name;
  const char *type;
  uint32_t hook;
  int32_t priority;
};

static const struct chain POSTROUTING = {NFPROTO_INET, "postrouting", "nat", NF_INET_POST_ROUTING, 100};
static const struct chain PREROUTING = {NFPROTO_INET, "prerouting", "nat", NF_INET_PRE_ROUTING, -100};
static const struct chain OUTPUT = {NFPROTO_INET, "output", "nat", NF_INET_LOCAL_OUT, -100};
static const struct chain FORWARD = {NFPROTO_INET, "forward", "filter", NF_INET_FORWARD, 0};
static const struct chain BRIDGE_FORWARD = {NFPROTO_BRIDGE, "forward", "filter", NF_INET_FORWARD, 0};

static void ensure_chain(struct net_batch *batch, const struct chain *chain) {
  nft_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, chain->family);
  net_put_string(batch, NFTA_TABLE_NAME, TABLE);
  nft_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, chain->family);
  net_put_string(batch, NFTA_CHAIN_TABLE, TABLE);
  net_put_string(batch, NFTA_CHAIN_NAME, chain->name);
  size_t hook = net_nest(batch, NFTA_CHAIN_HOOK);
  net_put_be32(batch, NFTA_HOOK_HOOKNUM, chain->hook);
  net_put_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
  net_nest_end(batch, hook);
  net_put_string(batch, NFTA_CHAIN_TYPE, chain->type);
}

// ---- expressions; register 1 carries each value to the comparison behind it ----

struct expression {
  size_t element;
  size_t data;
};

static struct expression expression(struct net_batch *batch, const char *name) {
  struct expression e;
  e.element = net_nest(batch, NFTA_LIST_ELEM);
  net_put_string(batch, NFTA_EXPR_NAME, name);
  e.data = net_nest(batch, NFTA_EXPR_DATA);
  return e;
}

static void expression_end(struct net_batch *batch, struct expression e) {
  net_nest_end(batch, e.data);
  net_nest_end(batch, e.element);
}

static void put_value(struct net_batch *batch, uint16_t type, const void *data, size_t length) {
  size_t nest = net_nest(batch, type);
  net_put(batch, NFTA_DATA_VALUE, data, length);
  net_nest_end(batch, nest);
}

static void meta(struct net_batch *batch, uint32_t key) {
  struct expression e = expression(batch, "meta");
  net_put_be32(batch, NFTA_META_DREG, NFT_REG_1);
  net_put_be32(batch, NFTA_META_KEY, key);
  expression_end(batch, e);
}

static void payload(struct net_batch *batch, uint32_t base, uint32_t offset, uint32_t length) {
  struct expression e = expression(batch, "payload");
  net_put_be32(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
  net_put_be32(batch, NFTA_PAYLOAD_BASE, base);
  net_put_be32(batch, NFTA_PAYLOAD_OFFSET, offset);
  net_put_be32(batch, NFTA_PAYLOAD_LEN, length);
  expression_end(batch, e);
}

static void compare(struct net_batch *batch, uint32_t operator, const void *data, size_t length) {
  struct expression e = expression(batch, "cmp");
  net_put_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
  net_put_be32(batch, NFTA_CMP_OP, operator);
  put_value(batch, NFTA_CMP_DATA, data, length);
  expression_end(batch, e);
}

static void mask(struct net_batch *batch, const unsigned char *bits, size_t length) {
  static const unsigned char zero[16];
  struct expression e = expression(batch, "bitwise");
  net_put_be32(batch, NFTA_BITWISE_SREG, NFT_REG_1);
  net_put_be32(batch, NFTA_BITWISE_DREG, NFT_REG_1);
  net_put_be32(batch, NFTA_BITWISE_LEN, (uint32_t)length);
  put_value(batch, NFTA_BITWISE_MASK, bits, length);
  put_value(batch, NFTA_BITWISE_XOR, zero, length);
  expression_end(batch, e);
}

static void immediate(struct net_batch *batch, uint32_t reg, const void *data, size_t length) {
  struct expression e = expression(batch, "immediate");
  net_put_be32(batch, NFTA_IMMEDIATE_DREG, reg);
  put_value(batch, NFTA_IMMEDIATE_DATA, data, length);
  expression_end(batch, e);
}

static void drop(struct net_batch *batch) {
  struct expression e = expression(batch, "immediate");
  net_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t data = net_nest(batch, NFTA_IMMEDIATE_DATA);
  size_t verdict = net_nest(batch, NFTA_DATA_VERDICT);
  net_put_be32(batch, NFTA_VERDICT_CODE, NF_DROP);
  net_nest_end(batch, verdict);
  net_nest_end(batch, data);
  expression_end(batch, e);
}

// `name*` matches the beginning alone; `*` matches all, so there is nothing to compare.
static void match_link(struct net_batch *batch, uint32_t key, uint32_t operator, const char *name) {
  char padded[IFNAMSIZ] = {0};
  size_t length = strlen(name);
  bool prefix = length > 0 && name[length - 1] == '*';
  if (prefix && --length == 0) return;
  memcpy(padded, name, length < sizeof(padded) ? length : sizeof(padded) - 1);
  meta(batch, key);
  compare(batch, operator, padded, prefix ? length : sizeof(padded));
}

// ---- the rules ----

static int match_subnet(struct net_batch *batch, const char *subnet, uint8_t *family) {
  char host[INET6_ADDRSTRLEN];
  const char *slash = strchr(subnet, '/');
  size_t length = slash == NULL ? strlen(subnet) : (size_t)(slash - subnet);
  if (length >= sizeof(host)) return -EINVAL;
  memcpy(host, subnet, length);
  host[length] = '\0';
  *family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;
  size_t size = *family == AF_INET ? 4 : 16;
  unsigned int prefix = (unsigned int)size * 8;
  unsigned char address[16] = {0};
  if (inet_pton(*family, host, address) != 1) return -EINVAL;
  if (slash != NULL) {
    prefix = 0;
    for (const char *digit = slash + 1; *digit >= '0' && *digit <= '9' && prefix <= 128; digit++) {
      prefix = prefix * 10 + (unsigned int)(*digit - '0');
    }
    if (prefix > size * 8) return -EINVAL;
  }
  unsigned char bits[16] = {0};
  for (unsigned int bit = 0; bit < prefix; bit++) bits[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
  for (size_t i = 0; i < size; i++) address[i] &= bits[i];
  const uint8_t protocol = *family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
  meta(batch, NFT_META_NFPROTO);
  compare(batch, NFT_CMP_EQ, &protocol, sizeof(protocol));
  payload(batch, NFT_PAYLOAD_NETWORK_HEADER, *family == AF_INET ? 12 : 8, (uint32_t)size);
  mask(batch, bits, size);
  compare(batch, NFT_CMP_EQ, address, size);
  return 0;
}

static int masquerade(struct net_batch *batch, const struct net_operation *operation) {
  uint8_t family;
  int error = match_subnet(batch, operation->firewall_add.subnet, &family);
  if (error < 0) return error;
  match_link(batch, NFT_META_OIFNAME, NFT_CMP_NEQ, operation->firewall_add.out_link_not);
  expression_end(batch, expression(batch, "masq"));
  return 0;
}

// Only what is meant for this namespace: `fib daddr type local`.
static void match_local_destination(struct net_batch *batch) {
  const uint32_t local = RTN_LOCAL;
  struct expression e = expression(batch, "fib");
  net_put_be32(batch, NFTA_FIB_DREG, NFT_REG_1);
  net_put_be32(batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
  net_put_be32(batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
  expression_end(batch, e);
  compare(batch, NFT_CMP_EQ, &local, sizeof(local));
}

static int destination_nat(struct net_batch *batch, const struct net_operation *operation) {
  const char *to = operation->firewall_add.to_ip;
  const char *host = operation->firewall_add.host_ip;
  uint8_t family = strchr(to, ':') == NULL ? AF_INET : AF_INET6;
  size_t size = family == AF_INET ? 4 : 16;
  unsigned char to_bytes[16];
  unsigned char host_bytes[16];
  if (inet_pton(family, to, to_bytes) != 1) return -EINVAL;
  if (*host != '\0' && inet_pton(family, host, host_bytes) != 1) return -EINVAL;
  const uint8_t protocol = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
  const uint16_t host_port = htons(operation->firewall_add.host_port);
  const uint16_t to_port = htons(operation->firewall_add.to_port);
  meta(batch, NFT_META_NFPROTO);
  compare(batch, NFT_CMP_EQ, &protocol, sizeof(protocol));
  if (*host == '\0') match_local_destination(batch);
  else {
    payload(batch, NFT_PAYLOAD_NETWORK_HEADER, family == AF_INET ? 16 : 24, (uint32_t)size);
    compare(batch, NFT_CMP_EQ, host_bytes, size);
  }
  meta(batch, NFT_META_L4PROTO);
  compare(batch, NFT_CMP_EQ, &operation->firewall_add.protocol, 1);
  payload(batch, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
  compare(batch, NFT_CMP_EQ, &host_port, sizeof(host_port));
  immediate(batch, NFT_REG_1, to_bytes, size);
  immediate(batch, NFT_REG_2, &to_port, sizeof(to_port));
  struct expression e = expression(batch, "nat");
  net_put_be32(batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
  net_put_be32(batch, NFTA_NAT_FAMILY, family);
  net_put_be32(batch, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
  net_put_be32(batch, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
  expression_end(batch, e);
  return 0;
}

static void isolate(struct net_batch *batch, const struct net_operation *operation) {
  const char *from = operation->firewall_add.from_link;
  const char *to = operation->firewall_add.to_link;
  match_link(batch, NFT_META_IIFNAME, NFT_CMP_EQ, from);
  // A pattern for the other side takes in the link itself, from which it isn't to be kept apart.
  if (strchr(from, '*') == NULL && strchr(to, '*') != NULL) {
    match_link(batch, NFT_META_OIFNAME, NFT_CMP_NEQ, from);
  }
  if (strchr(to, '*') == NULL && strchr(from, '*') != NULL) {
    match_link(batch, NFT_META_IIFNAME, NFT_CMP_NEQ, to);
  }
  match_link(batch, NFT_META_OIFNAME, NFT_CMP_EQ, to);
  drop(batch);
}

static int put_rule(struct net_batch *batch, const struct chain *chain, const struct net_operation *operation) {
  const char *id = operation->firewall_add.id;
  size_t id_length = strlen(id) + 1;
  if (id_length > 250) return -EINVAL;
  ensure_chain(batch, chain);
  nft_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, chain->family);
  net_put_string(batch, NFTA_RULE_TABLE, TABLE);
  net_put_string(batch, NFTA_RULE_CHAIN, chain->name);
  size_t expressions = net_nest(batch, NFTA_RULE_EXPRESSIONS);
  int error = 0;
  switch (operation->firewall_add.kind) {
    case NET_MASQUERADE: error = masquerade(batch, operation); break;
    case NET_DESTINATION_NAT: error = destination_nat(batch, operation); break;
    case NET_ISOLATE: isolate(batch, operation); break;
  }
  net_nest_end(batch, expressions);
  unsigned char comment[2 + 250] = {COMMENT, (unsigned char)id_length};
  memcpy(comment + 2, id, id_length);
  net_put(batch, NFTA_RULE_USERDATA, comment, 2 + id_length);
  return error;
}

// ---- rules by id ----

struct found {
  const char *id;
  size_t count;
  struct {
    uint8_t family;
    char chain[32];
    uint64_t handle;
  } rules[MAX_HANDLES];
};

static void find_rule(void *context, const struct nlmsghdr *reply) {
  struct found *found = context;
  const struct nfgenmsg *header = NLMSG_DATA(reply);
  const unsigned char *at = (const unsigned char *)header + NLMSG_ALIGN(sizeof(*header));
  const unsigned char *limit = (const unsigned char *)reply + reply->nlmsg_len;
  const char *table = "";
  const char *chain = "";
  const char *id = "";
  uint64_t handle = 0;
  while (at + NLA_HDRLEN <= limit) {
    const struct nlattr *attribute = (const struct nlattr *)at;
    if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > limit) break;
    const char *data = (const char *)at + NLA_HDRLEN;
    size_t length = attribute->nla_len - NLA_HDRLEN;
    switch (attribute->nla_type & NLA_TYPE_MASK) {
      case NFTA_RULE_TABLE: table = data; break;
      case NFTA_RULE_CHAIN: chain = data; break;
      case NFTA_RULE_HANDLE:
        for (size_t i = 0; i < length; i++) handle = handle << 8 | (unsigned char)data[i];
        break;
      case NFTA_RULE_USERDATA:
        if (length > 2 && data[0] == COMMENT && data[length - 1] == '\0') id = data + 2;
        break;
    }
    at += NLA_ALIGN(attribute->nla_len);
  }
  if (strcmp(table, TABLE) != 0 || strcmp(id, found->id) != 0 || found->count == MAX_HANDLES) return;
  found->rules[found->count].family = header->nfgen_family;
  strncpy(found->rules[found->count].chain, chain, sizeof(found->rules[0].chain) - 1);
  found->rules[found->count++].handle = handle;
}

static int find_rules(int fd, const char *id, struct found *found) {
  struct net_batch batch;
  memset(found, 0, sizeof(*found));
  found->id = id;
  net_batch_start(&batch);
  nft_message(&batch, NFT_MSG_GETRULE, NLM_F_DUMP, NFPROTO_UNSPEC);
  return net_dump(fd, &batch, find_rule, found);
}

static void put_removals(struct net_batch *batch, const struct found *found) {
  for (size_t i = 0; i < found->count; i++) {
    unsigned char handle[8];
    for (int byte = 0; byte < 8; byte++) handle[byte] = (unsigned char)(found->rules[i].handle >> (56 - 8 * byte));
    nft_message(batch, NFT_MSG_DELRULE, NLM_F_ACK, found->rules[i].family);
    net_put_string(batch, NFTA_RULE_TABLE, TABLE);
    net_put_string(batch, NFTA_RULE_CHAIN, found->rules[i].chain);
    net_put(batch, NFTA_RULE_HANDLE, handle, sizeof(handle));
  }
}

int net_firewall_remove(int fd, const char *id) {
  struct found found;
  int error = find_rules(fd, id, &found);
  if (error < 0 || found.count == 0) return error;
  struct net_batch batch;
  net_batch_start(&batch);
  begin(&batch);
  put_removals(&batch, &found);
  end(&batch);
  return net_request(fd, &batch);
}

// What goes by a bridge's ports is seen by the bridge family alone. Not every kernel has it; the names of whole bridges don't
// need it.
static bool wants_bridge_family(const struct net_operation *operation) {
  return operation->firewall_add.kind == NET_ISOLATE &&
         strcmp(operation->firewall_add.from_link, operation->firewall_add.to_link) == 0;
}

int net_firewall_add(int fd, const struct net_operation *operation) {
  struct found found;
  int error = find_rules(fd, operation->firewall_add.id, &found);
  if (error < 0) return error;
  struct net_batch batch;
  net_batch_start(&batch);
  begin(&batch);
  put_removals(&batch, &found);
  switch (operation->firewall_add.kind) {
    case NET_MASQUERADE: error = put_rule(&batch, &POSTROUTING, operation); break;
    case NET_DESTINATION_NAT:
      error = put_rule(&batch, &PREROUTING, operation);
      if (error == 0) error = put_rule(&batch, &OUTPUT, operation);
      break;
    case NET_ISOLATE:
      error = put_rule(&batch, wants_bridge_family(operation) ? &BRIDGE_FORWARD : &FORWARD, operation);
      break;
  }
  if (error < 0) return error;
  end(&batch);
  return net_request(fd, &batch);
}
