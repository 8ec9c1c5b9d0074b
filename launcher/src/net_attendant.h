// A container's attendant: the process that carries its published ports and keeps its helpers, as long as its monitor lives.
#ifndef WHERRY_NET_ATTENDANT_H
#define WHERRY_NET_ATTENDANT_H

#include "net_helper.h"
#include "program.h"

// `forward` and `container-helper` of the program: each listens at once, or is kept for the attendant. 0 or -1 with a failure.
// A forward without a container address is a helper's: that the port is free is made sure of, and it is left to the helper.
int net_attendant_forward(const struct operation *op);
int net_attendant_helper(const struct operation *op);
// Starts the attendant, in the monitor; the ports go to it. Leaves a line a port in the file `ports` of the directory.
int net_attendant_start(const struct operation *op);
// In the container's process: hands over its network namespace, and waits until helpers are ready and ports are served.
int net_attendant_ready(void);
// Ends the attendant, so that its ports are free when others hear of the container's end. Nothing without one.
void net_attendant_stop(void);

// The arguments of both helper operations, from `from` on. 0 or -1 with a failure.
int net_read_helper(const struct operation *op, struct net_helper *helper, const char **arguments, size_t most);

#endif
