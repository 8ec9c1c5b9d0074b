// The container's log: lines of output, framed, into a rotated file or to a socket.
#ifndef WHERRY_LOG_H
#define WHERRY_LOG_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "settings.h"

enum stream { STREAM_STDOUT, STREAM_STDERR, STREAMS };

// log.c

// Of a file, a socket, or both, each where its settings name one; without any the other functions do nothing. 0, or -1 with the
// failure recorded.
int log_open(const struct log_settings *file, const struct log_settings *socket);
// Bytes as they were read; ends of lines may lie anywhere. They have to stay where they are until log_blocked() is false.
void log_write(enum stream stream, const char *bytes, size_t length);
// Whether the log takes no more for now: nothing may be read from the container meanwhile.
bool log_blocked(void);
// A line that hasn't ended is written as it is: the container's command, or the stream, has.
void log_end(enum stream stream);
// For poll(2): the socket, if there is one, in one entry; milliseconds until there is something to do, -1 for no limit.
void log_poll(struct pollfd *fd);
int log_timeout(void);
void log_handle(void);
// Waits while the log is blocked. A socket that takes nothing for a while is given up: what is for it is dropped.
void log_wait(void);
// Sends what is still to be sent, as long as the socket takes some now and then.
void log_close(void);
// What couldn't be written, since the beginning: errno of the last time, and bytes of output. 0 when nothing was dropped.
int log_dropped(uint64_t *bytes);

// A line, or a part of one, as it is to be written.
struct log_line {
  enum stream stream;
  const char *bytes;
  size_t length;
  bool whole;              // it has its newline, which isn't among the bytes
  struct timespec time;    // of the first part
  char text_time[31];      // the same as format_time has it
};

extern const char *const stream_names[];

// log_frame.c: appends the line in a framing for files.
typedef void log_put(const char *bytes, size_t length);
void log_frame(const struct log_settings *settings, const struct log_line *line, log_put *put);

// log_message.c: the same in a framing for sockets. One that is acknowledged ends with its id.
enum { MESSAGE_ID_SIZE = 16 };
void log_message(const struct log_settings *settings, const struct log_line *line, bool stream_socket, log_put *put);

// log_json.c: appends text as a JSON string's inside, as Go's encoding/json does: invalid UTF-8 as \ufffd.
void json_text(const char *bytes, size_t length, log_put *put);

// log_file.c
int log_file_open(const struct log_settings *settings);
void log_file_raw(const char *bytes, size_t length);
void log_file_line(const struct log_line *line);
// After a batch of lines.
void log_file_flush(void);
int log_file_dropped(uint64_t *bytes);

// log_socket.c
int log_socket_open(const struct log_settings *settings);
// False when there is no room now and waiting makes sense; otherwise the line is on its way, or dropped and counted.
bool log_socket_line(const struct log_line *line);
void log_socket_flush(void);
bool log_socket_full(void);
void log_socket_poll(struct pollfd *fd);
int log_socket_timeout(void);
bool log_socket_empty(void);
// Until the socket takes something again, what finds no room is dropped.
void log_socket_give_up(void);
// Drops what is queued.
void log_socket_discard(void);
// Tells a helper that nothing more comes, and waits until it has written all there is.
void log_socket_end(void);
// How many bytes the socket has taken so far.
uint64_t log_socket_progress(void);
int log_socket_dropped(uint64_t *bytes);

// log_helper.c: starts the process that listens at the socket, unless the one started here before is there still.
void log_helper_start(const struct operation *helper);

// log_address.c: what `udp:host:port`, `tcp:host:port`, `unix:/path` or `unixgram:/path` leads to. Names are looked up
// once: a resolver that is slow later would hold up the container. 0, or -1 with the failure recorded.
int log_address_resolve(const char *address);
bool log_address_is_stream(void);
bool log_address_is_udp(void);
// Looks the name up anew; what it led to before stands when nothing is found.
void log_address_renew(const char *address);
// A socket that is connected or being connected to one address after the other, or -1 with errno.
int log_address_begin(bool *connecting);

// log_gzip.c: packs a file (RFC 1952) whose inode number goes into the header, so that readers know it again. 0 or -1.
int gzip_file(int directory, const char *from, const char *to);
// The same of a message, or as zlib (RFC 1950). As they stand for GELF in `number` of the settings.
enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZLIB };
void pack_message(enum packing packing, const char *text, size_t size, log_put *put);

#endif
