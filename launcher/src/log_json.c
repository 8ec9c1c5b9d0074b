// JSON text as Docker's json-file writes it, so that other readers of its logs see no difference.
#include <stdbool.h>
#include <stdint.h>

#include "log.h"

// A bit for each byte that stands for itself: from space to DEL but " & < > and backslash.
static const uint64_t plain_bits[4] = {0xafffffbb00000000, 0xffffffffefffffff, 0, 0};

static bool plain(unsigned char c) { return plain_bits[c >> 6] >> (c & 63) & 1; }

// Length of the UTF-8 sequence at `at`, 0 when it is invalid (RFC 3629: no overlong forms, no surrogates).
static size_t sequence(const unsigned char *at, size_t left) {
  unsigned char c = at[0], low = 0x80, high = 0xbf;
  size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (length == 0 || left < length) return 0;
  if (c == 0xe0) low = 0xa0;
  if (c == 0xed) high = 0x9f;
  if (c == 0xf0) low = 0x90;
  if (c == 0xf4) high = 0x8f;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if (at[i] < 0x80 || at[i] > 0xbf) return 0;
  }
  return length;
}

void json_text(const char *bytes, size_t length, void (*put)(const char *, size_t)) {
  static const char hex[] = "0123456789abcdef";
  const unsigned char *text = (const unsigned char *)bytes;
  size_t start = 0, i = 0;
  while (i < length) {
    unsigned char c = text[i];
    if (plain(c)) {
      i++;
      continue;
    }
    char escape[6] = {'\\', 'u', '0', '0'};
    size_t size = 1, escaped = 6;
    if (c == '"' || c == '\\') {
      escape[1] = (char)c;
      escaped = 2;
    } else if (c == '\n' || c == '\r') {
      escape[1] = c == '\n' ? 'n' : 'r';
      escaped = 2;
    } else if (c < 0x80) {
      escape[4] = hex[c >> 4];
      escape[5] = hex[c & 15];
    } else {
      size = sequence(text + i, length - i);
      // The line separators of JavaScript are the only valid ones that Go escapes.
      bool separator = size == 3 && c == 0xe2 && text[i + 1] == 0x80 && (text[i + 2] == 0xa8 || text[i + 2] == 0xa9);
      if (size != 0 && !separator) {
        i += size;
        continue;
      }
      const char *words = size == 0 ? "fffd" : text[i + 2] == 0xa8 ? "2028" : "2029";
      for (int k = 0; k < 4; k++) escape[2 + k] = words[k];
      if (size == 0) size = 1;
    }
    put(bytes + start, i - start);
    put(escape, escaped);
    i += size;
    start = i;
  }
  put(bytes + start, length - start);
}
