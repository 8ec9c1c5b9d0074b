#include "net_pipe.h"

#include <fcntl.h>
#include <unistd.h>

// Portions of half a megabyte take half the time of the forwarder that those of 64 KiB do, and a quarter off that of the
// programs at both ends. They need more places than a pipe has by default, and what lies in a pipe is on no socket's account:
// so only that many pipes are large, lest connections that have stopped hold the user's share of pipes, or the memory.
enum { LARGE_PIPES = 16, LARGE_SIZE = 256 * 1024, LARGE_PORTION = 512 * 1024, SMALL_PORTION = 64 * 1024, KEPT = 4 };

static struct net_pipe kept[KEPT];
static size_t kept_count, large_count;

bool net_pipe_take(struct net_pipe *pipe) {
  if (kept_count > 0) {
    *pipe = kept[--kept_count];
    return true;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
  // Refused when the user has too many.
  bool large = large_count < LARGE_PIPES && fcntl(ends[1], F_SETPIPE_SZ, LARGE_SIZE) >= 0;
  if (large) large_count++;
  *pipe = (struct net_pipe){.out = ends[0], .in = ends[1], .portion = large ? LARGE_PORTION : SMALL_PORTION};
  return true;
}

void net_pipe_return(const struct net_pipe *pipe) {
  if (kept_count < KEPT && pipe->portion == LARGE_PORTION) kept[kept_count++] = *pipe;
  else net_pipe_close(pipe);
}

void net_pipe_close(const struct net_pipe *pipe) {
  if (pipe->portion == LARGE_PORTION) large_count--;
  close(pipe->out);
  close(pipe->in);
}
