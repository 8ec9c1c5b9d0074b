// The protocol between a monitor and its clients, and the monitor's side of it (PROGRAM.md, "Attach socket").
#ifndef WHERRY_ATTACH_H
#define WHERRY_ATTACH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 32 * 1024 };

enum frame {
  FRAME_STDOUT = 'o',
  FRAME_STDERR = 'e',
  FRAME_INPUT = 'i',
  FRAME_INPUT_END = 'z',
  FRAME_INPUT_TAKEN = 'c',  // monitor: the last `i` or `z` is through, another one may follow
  FRAME_INPUT_CLOSED = 'n',  // monitor: the container takes no more input
  FRAME_WINDOW = 'w',
  FRAME_SIGNAL = 's',
  FRAME_DETACH = 'd',
  FRAME_HELLO = 'h',
  FRAME_ACCEPTED = 't',
  FRAME_STARTED = 'r',
  FRAME_FAILED = 'f',
  FRAME_EXITED = 'x',
};

enum wants { WANTS_STDOUT = 1, WANTS_STDERR = 2, WANTS_INPUT = 4 };

// What a client asks the monitor to do.
struct attach_events {
  // False when this client wasn't to send any now.
  bool (*input)(int client, const char *bytes, size_t length, bool end);
  void (*window)(uint16_t rows, uint16_t columns);
  void (*signal)(int signal);
  void (*detach)(void);
};

enum { CLIENTS_MAX = 32 };

// The socket `attach` in a directory. 0, or -1 with the failure recorded.
int attach_listen(int directory, const char *path);
// The process that started the monitor is a client from the beginning.
void attach_first(int fd, unsigned wants);
void attach_set_terminal(bool terminal, bool input);

// Sends one frame to every client that wants it; `bytes` must stay until attach_blocked() is false.
void attach_output(enum frame frame, const char *bytes, size_t length);
// Whether some client hasn't taken the last output yet: nothing may be read from the container meanwhile.
bool attach_blocked(void);
// From now on, what clients don't take at once is kept for them in memory: the container has ended, so it isn't much.
void attach_keep_for_later(void);
void attach_input_taken(int client);
void attach_input_closed(void);
void attach_to_first(enum frame frame, const void *bytes, size_t length);
// Lets the first client go: it has what it waited for.
void attach_drop_first(void);
// Delivers what was kept and then the exit status, however long the clients take; closes everything.
void attach_finish(int status);
void attach_close_listening(int directory);

// For poll(2): fills in the descriptors, and deals with them. While one client's input is under way, given by its number,
// nothing is read from others that could send some; -1 for none.
unsigned attach_poll(struct pollfd *fds, int input_from);
void attach_handle(const struct pollfd *fds, unsigned count, const struct attach_events *events);

#endif
