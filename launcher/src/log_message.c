// Framings of lines as messages to a socket.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { SYSLOG_ERROR = 3, SYSLOG_INFORMATIONAL = 6 };

static int severity(const struct log_line *line) {
  return line->stream == STREAM_STDERR ? SYSLOG_ERROR : SYSLOG_INFORMATIONAL;
}

static void put_text(const char *text, log_put *put) { put(text, strlen(text)); }

// RFC 3164: local time, without a year. `head` is what stands before the process id: host and tag, or the tag.
static void syslog_3164(const struct log_settings *settings, const struct log_line *line, log_put *put) {
  static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[96];
  struct tm when;
  localtime_r(&line->time.tv_sec, &when);
  snprintf(text, sizeof text, "<%u>%s %2d %02d:%02d:%02d ", settings->number * 8 + (unsigned)severity(line),
           months[when.tm_mon], when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
  put_text(text, put);
  put(settings->head, settings->head_size);
  snprintf(text, sizeof text, "[%d]: ", (int)getpid());
  put_text(text, put);
}

// RFC 5424, microseconds at most: PRI, version, time, host and application (`head`), process id, message id and data (`fields`).
static void syslog_5424(const struct log_settings *settings, const struct log_line *line, log_put *put) {
  char text[96];
  snprintf(text, sizeof text, "<%u>1 %.26sZ ", settings->number * 8 + (unsigned)severity(line), line->text_time);
  put_text(text, put);
  put(settings->head, settings->head_size);
  snprintf(text, sizeof text, " %d ", (int)getpid());
  put_text(text, put);
  put(settings->fields, settings->fields_size);
  put_text(" ", put);
}

static void syslog_message(const struct log_settings *settings, const struct log_line *line, bool stream_socket,
                           log_put *put) {
  if (settings->framing == FRAMING_SYSLOG_RFC3164) syslog_3164(settings, line, put);
  else syslog_5424(settings, line, put);
  put(line->bytes, line->length);
  // RFC 6587, 3.4.2: a stream's messages end with their line.
  if (stream_socket) put("\n", 1);
}

// systemd's journal protocol: NAME=value lines; a value with a newline in it, as NAME, its size in 64 bits, the value.
static void journal(const struct log_settings *settings, const struct log_line *line, log_put *put) {
  put(settings->fields, settings->fields_size);
  put_text(line->stream == STREAM_STDERR ? "PRIORITY=3\n" : "PRIORITY=6\n", put);
  if (!line->whole) put_text("CONTAINER_PARTIAL_MESSAGE=true\n", put);
  // The journal's own times are those of arrival, in microseconds.
  put_text("SYSLOG_TIMESTAMP=", put);
  put_text(line->text_time, put);
  put_text("\n", put);
  unsigned char size[8];
  for (int i = 0; i < 8; i++) size[i] = (unsigned char)((uint64_t)line->length >> (8 * i));
  put_text("MESSAGE\n", put);
  put((const char *)size, sizeof size);
  put(line->bytes, line->length);
  put("\n", 1);
}

// GELF 1.1; over a stream a NUL ends each message.
static void gelf(const struct log_settings *settings, const struct log_line *line, bool stream_socket, log_put *put) {
  char text[96];
  put_text("{\"version\":\"1.1\",", put);
  put(settings->fields, settings->fields_size);
  put_text(",\"short_message\":\"", put);
  json_text(line->bytes, line->length, put);
  snprintf(text, sizeof text, "\",\"timestamp\":%" PRId64 ".%03ld,\"level\":%d}", (int64_t)line->time.tv_sec,
           line->time.tv_nsec / 1000000, severity(line));
  put(text, strlen(text) + (stream_socket ? 1 : 0));
}

static void put_number(unsigned char type, uint32_t number, log_put *put) {
  const unsigned char bytes[] = {type, (unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                 (unsigned char)(number >> 8), (unsigned char)number};
  put((const char *)bytes, sizeof bytes);
}

// Of a message that is acknowledged: its last bytes, by which the answer names it.
static void chunk_option(log_put *put) {
  static uint32_t begun, count;
  char id[MESSAGE_ID_SIZE + 1];
  if (begun == 0) begun = (uint32_t)time(NULL);
  snprintf(id, sizeof id, "%08x%08x", begun, count++);
  put_text("\x81\xa5" "chunk\xb0", put);
  put(id, MESSAGE_ID_SIZE);
}

// Fluentd's forward protocol, message mode, in MessagePack: [tag, time, record], and an option where it is acknowledged.
// `number` pairs stand in `fields`.
static void fluentd(const struct log_settings *settings, const struct log_line *line, log_put *put) {
  unsigned pairs = settings->number + 2 + (line->whole ? 0 : 1);
  put(settings->acknowledged ? "\x94" : "\x93", 1);
  put(settings->head, settings->head_size);
  // EventTime where the driver asks for less than seconds: extension 0 of eight bytes.
  if (settings->subsecond) {
    unsigned char time[10] = {0xd7, 0x00};
    for (int i = 0; i < 4; i++) {
      time[2 + i] = (unsigned char)((uint64_t)line->time.tv_sec >> (24 - 8 * i));
      time[6 + i] = (unsigned char)((uint64_t)line->time.tv_nsec >> (24 - 8 * i));
    }
    put((const char *)time, sizeof time);
  } else {
    put_number(0xce, (uint32_t)line->time.tv_sec, put);
  }
  const unsigned char map[] = {0xde, (unsigned char)(pairs >> 8), (unsigned char)pairs};
  put((const char *)map, sizeof map);
  put(settings->fields, settings->fields_size);
  put_text("\xa6source\xa6", put);
  put_text(stream_names[line->stream], put);
  if (!line->whole) put_text("\xafpartial_message\xa4true", put);
  put_text("\xa3log", put);
  put_number(0xdb, (uint32_t)line->length, put);
  put(line->bytes, line->length);
  if (settings->acknowledged) chunk_option(put);
}

void log_message(const struct log_settings *settings, const struct log_line *line, bool stream_socket, log_put *put) {
  switch (settings->framing) {
    case FRAMING_SYSLOG_RFC3164:
    case FRAMING_SYSLOG_RFC5424: syslog_message(settings, line, stream_socket, put); return;
    case FRAMING_JOURNALD: journal(settings, line, put); return;
    case FRAMING_GELF: gelf(settings, line, stream_socket, put); return;
    case FRAMING_FLUENTD: fluentd(settings, line, put); return;
    case FRAMING_RAW: put(line->bytes, line->length); put("\n", 1); return;
    default: log_frame(settings, line, put);
  }
}
