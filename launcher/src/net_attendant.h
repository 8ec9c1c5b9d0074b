// A container's attendant: the process that carries its published ports and keeps its helpers, as long as its monitor lives.
#ifndef WHERRY_NET_ATTENDANT_H
#define WHERRY_NET_ATTENDANT_H

#include <poll.h>
#include <sys/types.h>

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
// Before a start of the container: has another one in the place of one that has ended.
void net_attendant_renew(void);
// While the container runs: what is to be watched, and what to do about it. An attendant that has ended has another in its place, which
// is given the namespace of the container's first process; what was carried by the old one is lost. A negative descriptor with none.
struct pollfd net_attendant_poll(void);
void net_attendant_handle(const struct pollfd *polled, pid_t init);
// Ends the attendant, so that its ports are free when others hear of the container's end. Nothing without one.
void net_attendant_stop(void);

// The arguments of both helper operations, from `from` on. 0 or -1 with a failure.
int net_read_helper(const struct operation *op, struct net_helper *helper, const char **arguments, size_t most);

#endif
