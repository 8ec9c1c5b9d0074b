#include "net_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "net.h"
#include "net_attendant.h"
#include "net_shared.h"
#include "settings.h"
#include "util.h"

enum { MAX_STEPS = 4096 };

// Collected until `network-apply`; which operations they came from, for reports.
static struct {
  struct net_step *steps;
  const struct operation **operations;
  size_t count;
  int container;  // the container's namespace; -1 until known
} pending = {.container = -1};

static int where_of(const struct operation *op, unsigned index, enum net_where *where) {
  static const char *const words[] = {"container", "shared", NULL};
  int position;
  if (argument_word(op, index, words, &position) != 0) return -1;
  *where = (enum net_where)position;
  return 0;
}

static int number_of(const struct operation *op, unsigned index, uint64_t most, uint32_t *value) {
  uint64_t number;
  if (argument_number(op, index, most, &number) != 0) return -1;
  *value = (uint32_t)number;
  return 0;
}

static int read_link_add(const struct operation *op, struct net_operation *out) {
  static const char *const kinds[] = {"bridge", "veth", "macvlan", "vlan", "tap", NULL};
  int kind;
  if (argument_word(op, 2, kinds, &kind) != 0 || number_of(op, 5, 65536, &out->link_add.mtu) != 0) return -1;
  out->kind = NET_LINK_ADD;
  out->link_add.name = op->args[1].text;
  out->link_add.kind = (enum net_link_kind)kind;
  out->link_add.peer = out->link_add.parent = "";
  out->link_add.mac = op->args[6].text;
  if (kind == NET_VETH) {
    out->link_add.peer = op->args[3].text;
    return where_of(op, 4, &out->link_add.peer_where);
  }
  out->link_add.parent = op->args[3].text;
  return kind == NET_VLAN ? number_of(op, 4, 4094, &out->link_add.vlan_id) : 0;
}

static int read_firewall(const struct operation *op, struct net_operation *out) {
  static const char *const kinds[] = {"masquerade", "destination-nat", "isolate", NULL};
  static const char *const protocols[] = {"tcp", "udp", "sctp", NULL};
  static const uint8_t numbers[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
  int kind, protocol;
  uint32_t host_port, to_port;
  if (argument_word(op, 2, kinds, &kind) != 0) return -1;
  out->kind = NET_FIREWALL_ADD;
  out->firewall_add.id = op->args[1].text;
  out->firewall_add.kind = (enum net_rule_kind)kind;
  const struct argument *args = op->args + 3;
  if (op->argc != (kind == NET_DESTINATION_NAT ? 8 : 5)) {
    errno = EINVAL;
    return fail(op->args[1].text);
  }
  if (kind == NET_MASQUERADE) {
    out->firewall_add.subnet = args[0].text;
    out->firewall_add.out_link_not = args[1].text;
  } else if (kind == NET_ISOLATE) {
    out->firewall_add.from_link = args[0].text;
    out->firewall_add.to_link = args[1].text;
  } else {
    if (argument_word(op, 3, protocols, &protocol) != 0 || number_of(op, 5, 65535, &host_port) != 0 ||
        number_of(op, 7, 65535, &to_port) != 0) {
      return -1;
    }
    out->firewall_add.protocol = numbers[protocol];
    out->firewall_add.host_ip = args[1].text;
    out->firewall_add.host_port = (uint16_t)host_port;
    out->firewall_add.to_ip = args[3].text;
    out->firewall_add.to_port = (uint16_t)to_port;
  }
  return 0;
}

static int read_operation(const struct operation *op, struct net_operation *out) {
  bool up;
  *out = (struct net_operation){0};
  if (where_of(op, 0, &out->where) != 0) return -1;
  switch (op->opcode) {
    case OP_LINK_ADD: return read_link_add(op, out);
    case OP_LINK_SET:
      if (argument_flag(op, 2, &up) != 0) return -1;
      out->kind = NET_LINK_SET;
      out->link_set.name = op->args[1].text;
      out->link_set.up = up;
      out->link_set.master = op->args[3].text;
      out->link_set.rename = op->args[4].text;
      return 0;
    case OP_LINK_REMOVE:
      out->kind = NET_LINK_REMOVE;
      out->link_remove.name = op->args[1].text;
      return 0;
    case OP_ADDR_ADD:
      out->kind = NET_ADDR_ADD;
      out->addr_add.link = op->args[1].text;
      out->addr_add.address = op->args[2].text;
      return 0;
    case OP_ROUTE_ADD:
      out->kind = NET_ROUTE_ADD;
      out->route_add.destination = op->args[1].text;
      out->route_add.gateway = op->args[2].text;
      out->route_add.link = op->args[3].text;
      return 0;
    case OP_NET_SYSCTL:
      out->kind = NET_SYSCTL_SET;
      out->sysctl_set.key = op->args[1].text;
      out->sysctl_set.value = op->args[2].text;
      return 0;
    case OP_FIREWALL_ADD: return read_firewall(op, out);
    case OP_FIREWALL_REMOVE:
      out->kind = NET_FIREWALL_REMOVE;
      out->firewall_remove.id = op->args[1].text;
      return 0;
    default:
      errno = EINVAL;
      return fail(NULL);
  }
}

static int collect(const struct operation *op) {
  if (pending.steps == NULL) {
    pending.steps = calloc(MAX_STEPS, sizeof(*pending.steps));
    pending.operations = calloc(MAX_STEPS, sizeof(*pending.operations));
  }
  if (pending.steps == NULL || pending.operations == NULL) return fail(NULL);
  if (pending.count == MAX_STEPS) {
    errno = E2BIG;
    return fail(NULL);
  }
  if (!op->undo) {
    if (read_operation(op, &pending.steps[pending.count].operation) != 0) return -1;
    pending.operations[pending.count] = op;
    pending.steps[pending.count++].undo = NULL;
    return 0;
  }
  struct net_operation *undo = calloc(1, sizeof(*undo));
  if (undo == NULL || pending.count == 0) return fail(NULL);
  pending.steps[pending.count - 1].undo = undo;
  return read_operation(op, undo);
}

static int current_namespace(void) {
  CLEAN_FD int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return any < 0 ? -1 : ioctl(any, SIOCGSKNS);
}

static const char *subject(const struct operation *op) { return op->argc > 1 ? op->args[1].text : ""; }

static int run_steps(struct net *net, bool tolerant) {
  struct net_failure first = {0};
  int error = tolerant ? net_apply_all(net, pending.steps, pending.count, &first)
                       : net_apply(net, pending.steps, pending.count, &first);
  if (error == 0) return 0;
  const struct operation *op = pending.operations[first.index];
  errno = -error;
  fail_detail(subject(op), "%s %s: %s", operation_name(op->opcode), subject(op), strerror(errno));
  fail_where(PHASE_CONTAINER, op->index, op->opcode);
  return -1;
}

// What a network needs as a whole, unless it is there: then its link is up, which comes last. A link that isn't up was left by
// one who died over it.
static int run_unless_up(struct net *net, const char *link) {
  CLEAN_FD int lock = net_shared_lock();
  if (lock < 0) return -1;
  int up = net_link_is_up(net, NET_SHARED, link);
  if (up < 0) {
    errno = -up;
    return fail(link);
  }
  if (up == 1) return 0;
  const struct net_step remove = {
      .operation = {.kind = NET_LINK_REMOVE, .where = NET_SHARED, .link_remove = {.name = link}}};
  struct net_failure absent;
  (void)net_apply(net, &remove, 1, &absent);
  return run_steps(net, false);
}

// network-apply: link of the shared namespace whose being up makes the steps needless? · go on past failures
static int apply(const struct operation *op) {
  bool tolerant;
  if (argument_flag(op, 1, &tolerant) != 0) return -1;
  struct net net;
  if (pending.container < 0) pending.container = current_namespace();
  net_open(&net, pending.container, net_shared_namespace());
  int outcome = argument_empty(op, 0) ? run_steps(&net, tolerant) : run_unless_up(&net, op->args[0].text);
  // The container's process goes on in its own namespace.
  int back = pending.container < 0 ? 0 : net_enter(&net, NET_CONTAINER);
  net_close(&net);
  pending.count = 0;
  if (outcome != 0 || back == 0) return outcome;
  errno = -back;
  return fail("network namespace");
}

bool net_is_container(int opcode) {
  return (opcode >= OP_LINK_ADD && opcode <= OP_NETWORK_APPLY) || opcode == OP_NETWORK_READY;
}

int net_container(const struct operation *op) {
  if (op->opcode == OP_NETWORK_APPLY) return apply(op);
  if (op->opcode == OP_NETWORK_READY) return net_attendant_ready();
  return collect(op);
}

bool net_is_prepare(int opcode) { return opcode >= OP_SHARED_NETWORK && opcode <= OP_ATTENDANT; }

static int shared_helper(const struct operation *op) {
  static const char *const readiness[] = {"descriptor", "exits", "path", NULL};
  int kind;
  if (argument_word(op, 2, readiness, &kind) != 0) return -1;
  const char **argv = calloc(op->argc, sizeof(*argv));
  if (argv == NULL) return fail(NULL);
  char number[4];
  snprintf(number, sizeof(number), "%d", kind);
  for (unsigned i = 0; i < op->argc; i++) argv[i] = i == 2 ? number : op->args[i].text;
  int outcome = net_shared_helper(argv, op->argc);
  free(argv);
  return outcome;
}

int net_prepare(const struct operation *op) {
  uint64_t linger;
  switch (op->opcode) {
    case OP_SHARED_NETWORK:
      if (argument_number(op, 1, 86400, &linger) != 0) return -1;
      return net_shared_join(op->args[0].text, (unsigned)linger);
    case OP_SHARED_HELPER: return shared_helper(op);
    case OP_FORWARD: return net_attendant_forward(op);
    case OP_CONTAINER_HELPER: return net_attendant_helper(op);
    case OP_ATTENDANT: return net_attendant_start(op);
    default:
      errno = EINVAL;
      return fail(NULL);
  }
}

static int join_container(const struct settings *settings) {
  if (settings->join_start == NULL) return 0;
  char path[40], start[24];
  snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)settings->join_pid);
  pending.container = open(path, O_RDONLY | O_CLOEXEC);
  if (pending.container < 0) return fail(path);
  // Asked for after the namespace is held: a process that is still the same then was the same before.
  if (process_start_time(settings->join_pid, start) && strcmp(start, settings->join_start) == 0) return 0;
  errno = ESRCH;
  return fail_detail(path, "the container has ended");
}

static int run_program(const struct program *program, const struct settings *settings) {
  for (uint32_t i = program->first[SECTION_PREPARE]; i < program->first[SECTION_CONTAINER]; i++) {
    const struct operation *op = &program->operations[i];
    if (!net_is_prepare(op->opcode) || net_prepare(op) == 0) continue;
    fail_where(PHASE_PREPARE, op->index, op->opcode);
    return -1;
  }
  if (join_container(settings) != 0) {
    fail_where(PHASE_NAMESPACE, -1, OP_JOIN);
    return -1;
  }
  for (uint32_t i = program->first[SECTION_CONTAINER]; i < program->first[SECTION_CLEANUP]; i++) {
    const struct operation *op = &program->operations[i];
    if (!net_is_container(op->opcode) || net_container(op) == 0) continue;
    if (failure.index < 0) fail_where(PHASE_CONTAINER, op->index, op->opcode);
    return -1;
  }
  return 0;
}

int net_main(const struct program *program, const struct settings *settings) {
  fail_clear();
  if (run_program(program, settings) == 0) return 0;
  fail_report(&failure);
  return failure.status == 0 ? STATUS_LAUNCHER : failure.status;
}
