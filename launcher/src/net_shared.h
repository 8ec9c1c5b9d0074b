// The network namespace that a user's bridges share, and the small process that keeps it: see net_daemon.c.
#ifndef WHERRY_NET_SHARED_H
#define WHERRY_NET_SHARED_H

#include <stddef.h>

// Packets (SOCK_SEQPACKET) between the keeper and those who use the namespace. A user keeps its connection for as long as it
// needs the namespace: the end of the connection, in whatever way, is the end of the use.
//   request  'n'                               the namespace
//            'p' a helper: slot, program, readiness, ready path, arguments, each with a NUL
//   answer   i32 0 or errno, then text; with a descriptor of the namespace for 'n'
enum { NET_PACKET = 16 * 1024 };

// Connects to the keeper of `directory`, started when there is none, and keeps the connection and the namespace open in
// this process and those it forks. `linger` seconds the namespace outlives its last user. 0, or -1 with a failure.
int net_shared_join(const char *directory, unsigned linger);
// The namespace's descriptor; -1 before net_shared_join.
int net_shared_namespace(void);
// Has the keeper run a program unless it runs already, and waits until it is ready. `argv` ends with NULL.
// 0, or -1 with a failure.
int net_shared_helper(const char *const *argv, size_t argc);
// Serialises what several containers do to the shared namespace at once. A descriptor to be closed, or -1 with a failure.
int net_shared_lock(void);

// One packet with at most one descriptor (-1 for none). 0 / length, or -1 with errno.
int net_send_packet(int fd, const void *bytes, size_t length, int passed);
long net_receive_packet(int fd, void *bytes, size_t size, int *passed);

// The keeper: `wherry-launcher network-keeper LISTENING-FD LINGER DIRECTORY`. Where the user namespace has a holder, the
// keeper keeps holder.users locked by this descriptor.
enum { NET_KEEPER_USERS = 4 };
int net_daemon_main(int argc, char **argv);

#endif
