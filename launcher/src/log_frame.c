// Framings of lines in files. Between lines of one batch only the text differs, so what stands around it is made once.
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "util.h"

static struct { char text[64]; size_t used; enum stream stream; char time[TIME_SIZE]; } around;

static void around_text(const char *text, size_t length) {
  memcpy(around.text + around.used, text, length);
  around.used += length;
}

// RFC 3339 without the zeros at the end, as Go's time.RFC3339Nano.
static void around_time(const char *time) {
  size_t length = strlen(time) - 1;
  while (time[length - 1] == '0') length--;
  if (time[length - 1] == '.') length--;
  around_text(time, length);
  around_text("Z", 1);
}

static void make_around(const struct log_line *line, bool json) {
  around.used = 0;
  around.stream = line->stream;
  memcpy(around.time, line->text_time, TIME_SIZE);
  if (json) around_text(",\"time\":\"", 9);
  around_time(line->text_time);
  if (json) {
    around_text("\"}\n", 3);
  } else {
    around_text(" ", 1);
    around_text(stream_names[line->stream], 6);
  }
}

static size_t varint(unsigned char *at, uint64_t value) {
  size_t used = 0;
  for (; value >= 0x80; value >>= 7) at[used++] = (unsigned char)(value | 0x80);
  at[used++] = (unsigned char)value;
  return used;
}

static void put_size(uint32_t size, log_put *put) {
  const unsigned char bytes[] = {(unsigned char)(size >> 24), (unsigned char)(size >> 16), (unsigned char)(size >> 8),
                                 (unsigned char)size};
  put((const char *)bytes, sizeof bytes);
}

// Docker's local: a LogEntry in protocol buffers (source 1, time_nano 2, line 3, partial 4) between two sizes.
static void binary(const struct log_line *line, log_put *put) {
  unsigned char head[48];
  size_t used = 2;
  head[0] = 0x0a;
  head[1] = 6;
  memcpy(head + used, stream_names[line->stream], 6);
  used += 6;
  head[used++] = 0x10;
  used += varint(head + used, (uint64_t)line->time.tv_sec * 1000000000u + (uint64_t)line->time.tv_nsec);
  head[used++] = 0x1a;
  used += varint(head + used, line->length);
  uint32_t size = (uint32_t)(used + line->length + (line->whole ? 0 : 2));
  put_size(size, put);
  put((const char *)head, used);
  put(line->bytes, line->length);
  if (!line->whole) put("\x20\x01", 2);
  put_size(size, put);
}

void log_frame(const struct log_settings *settings, const struct log_line *line, log_put *put) {
  bool json = settings->framing == FRAMING_DOCKER_JSON;
  if (settings->framing == FRAMING_BINARY) {
    binary(line, put);
    return;
  }
  if (around.used == 0 || around.stream != line->stream || memcmp(around.time, line->text_time, TIME_SIZE) != 0) {
    make_around(line, json);
  }
  if (json) {
    put("{\"log\":\"", 8);
    json_text(line->bytes, line->length, put);
    if (line->whole) put("\\n", 2);
    put(line->stream == STREAM_STDOUT ? "\",\"stream\":\"stdout\"" : "\",\"stream\":\"stderr\"", 19);
    if (settings->attributes != NULL) {
      put(",\"attrs\":", 9);
      put(settings->attributes, strlen(settings->attributes));
    }
    put(around.text, around.used);
  } else {
    put(around.text, around.used);
    put(line->whole ? " F " : " P ", 3);
    put(line->bytes, line->length);
    put("\n", 1);
  }
}
