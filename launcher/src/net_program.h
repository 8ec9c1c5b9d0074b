// The network operations of launch programs.
#ifndef WHERRY_NET_PROGRAM_H
#define WHERRY_NET_PROGRAM_H

#include <stdbool.h>

#include "program.h"
#include "settings.h"

// `prepare`, in the monitor: the shared namespace, its helpers, ports, the attendant. 0, or -1 with the failure recorded.
bool net_is_prepare(int opcode);
int net_prepare(const struct operation *op);
// `container`, in the container's process: links, addresses, routes, rules, which are collected until `network-apply`.
bool net_is_container(int opcode);
int net_container(const struct operation *op);

// `wherry-launcher ns PROGRAM network`: the network operations of a program alone, for a container that runs (`join`) or,
// without one, for the shared namespace. To be called in the user namespace. The exit status.
int net_main(const struct program *program, const struct settings *settings);

#endif
