// gzip (RFC 1952) of a whole file, gzip or zlib (RFC 1950) of a message: deflate (RFC 1951) with the fixed codes, matches
// found by a hash of four bytes. Logs repeat themselves so much that better codes would gain little.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

enum { WINDOW = 32768, HASH_BITS = 15, MATCH_MIN = 4, MATCH_MAX = 258, END_OF_BLOCK = 256 };

static struct {
  int fd;          // of the file; for a message `put` takes the bytes
  log_put *put;
  uint64_t bits;
  unsigned bit_count;
  unsigned char bytes[32 * 1024];
  size_t used;
  bool failed;
} packed;

static void put_out(void) {
  if (packed.put != NULL) packed.put((const char *)packed.bytes, packed.used);
  else if (write_all(packed.fd, packed.bytes, packed.used) != 0) packed.failed = true;
  packed.used = 0;
}

static void put_byte(unsigned char byte) {
  packed.bytes[packed.used++] = byte;
  if (packed.used == sizeof packed.bytes) put_out();
}

static void put_little(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) put_byte((unsigned char)(value >> (8 * i)));
}

static void put_bits(uint32_t bits, unsigned count) {
  packed.bits |= (uint64_t)bits << packed.bit_count;
  for (packed.bit_count += count; packed.bit_count >= 8; packed.bit_count -= 8) {
    put_byte((unsigned char)packed.bits);
    packed.bits >>= 8;
  }
}

// Huffman codes begin with their highest bit.
static void put_code(uint32_t code, unsigned count) {
  uint32_t turned = 0;
  for (unsigned i = 0; i < count; i++) turned |= (code >> i & 1) << (count - 1 - i);
  put_bits(turned, count);
}

// RFC 1951, 3.2.6.
static void put_symbol(unsigned symbol) {
  if (symbol < 144) put_code(0x30 + symbol, 8);
  else if (symbol < 256) put_code(0x190 + symbol - 144, 9);
  else if (symbol < 280) put_code(symbol - 256, 7);
  else put_code(0xc0 + symbol - 280, 8);
}

static unsigned log2_of(unsigned value) { return 31 - (unsigned)__builtin_clz(value); }

// RFC 1951, 3.2.5: codes in groups of four lengths, or two distances, each group with one extra bit more.
static void put_match(unsigned length, unsigned distance) {
  unsigned value = length - 3;
  if (length == MATCH_MAX) {
    put_symbol(285);
  } else if (value < 8) {
    put_symbol(257 + value);
  } else {
    unsigned extra = log2_of(value) - 2;
    put_symbol(257 + 4 * extra + (value >> extra));
    put_bits(value & ((1u << extra) - 1), extra);
  }
  value = distance - 1;
  if (value < 4) {
    put_code(value, 5);
  } else {
    unsigned extra = log2_of(value) - 1;
    put_code(2 * extra + (value >> extra), 5);
    put_bits(value & ((1u << extra) - 1), extra);
  }
}

static uint32_t four(const unsigned char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static unsigned match_length(const unsigned char *a, const unsigned char *b, size_t most) {
  unsigned length = MATCH_MIN;
  while (length < most && a[length] == b[length]) length++;
  return length;
}

static void deflate(const unsigned char *text, size_t size) {
  // `base` and position + 1 of the last four bytes with this hash. What is left of the text before is below the base, so
  // that the table needn't be cleared for each message.
  static uint32_t last[1 << HASH_BITS], base;
  if (size > UINT32_MAX - 1 - base) {
    memset(last, 0, sizeof last);
    base = 0;
  }
  put_bits(1, 1);
  put_bits(1, 2);
  for (size_t at = 0; at < size;) {
    size_t left = size - at, before = 0;
    if (left >= MATCH_MIN) {
      uint32_t *slot = &last[four(text + at) * 2654435761u >> (32 - HASH_BITS)];
      before = *slot > base ? *slot - base : 0;
      *slot = base + (uint32_t)at + 1;
    }
    if (before > 0 && at - (before - 1) <= WINDOW && four(text + before - 1) == four(text + at)) {
      unsigned length = match_length(text + at, text + before - 1, left < MATCH_MAX ? left : MATCH_MAX);
      put_match(length, (unsigned)(at - (before - 1)));
      at += length;
    } else {
      put_symbol(text[at++]);
    }
  }
  put_symbol(END_OF_BLOCK);
  put_bits(0, 7);
  packed.bits = packed.bit_count = 0;
  base += (uint32_t)size;
}

static uint32_t crc32(const unsigned char *text, size_t size) {
  static uint32_t table[256];
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < 256 && table[255] == 0; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    table[i] = value;
  }
  for (size_t i = 0; i < size; i++) crc = crc >> 8 ^ table[(crc ^ text[i]) & 255];
  return ~crc;
}

static uint32_t adler32(const unsigned char *text, size_t size) {
  uint32_t a = 1, b = 0;
  for (size_t i = 0; i < size; i++) {
    a = (a + text[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

void pack_message(enum packing packing, const char *text, size_t size, log_put *put) {
  static const unsigned char gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, zlib[] = {0x78, 0x01};
  const unsigned char *bytes = (const unsigned char *)text;
  packed.put = put;
  if (packing == PACKING_GZIP) {
    for (size_t i = 0; i < sizeof gzip; i++) put_byte(gzip[i]);
    deflate(bytes, size);
    put_little(crc32(bytes, size), 4);
    put_little(size, 4);
  } else {
    for (size_t i = 0; i < sizeof zlib; i++) put_byte(zlib[i]);
    deflate(bytes, size);
    uint32_t sum = adler32(bytes, size);
    for (int i = 3; i >= 0; i--) put_byte((unsigned char)(sum >> (8 * i)));
  }
  put_out();
  packed.put = NULL;
}

static void pack(const unsigned char *text, const struct stat *about) {
  // Deflate, with an extra field; no name, no time: the same log has the same bytes.
  static const unsigned char header[] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3};
  for (size_t i = 0; i < sizeof header; i++) put_byte(header[i]);
  put_little(12, 2);
  put_byte('W');
  put_byte('I');
  put_little(8, 2);
  put_little(about->st_ino, 8);
  deflate(text, (size_t)about->st_size);
  put_little(crc32(text, (size_t)about->st_size), 4);
  put_little((uint64_t)about->st_size, 4);
}

int gzip_file(int directory, const char *from, const char *to) {
  char made[NAME_MAX + 16];
  struct stat about;
  snprintf(made, sizeof made, "%.250s~", to);
  CLEAN_FD int source = openat(directory, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (source < 0 || fstat(source, &about) != 0) return -1;
  if (about.st_size == 0 || about.st_size > UINT32_MAX - 1) {
    errno = EFBIG;
    return -1;
  }
  const unsigned char *text = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, source, 0);
  packed.fd = openat(directory, made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (text == MAP_FAILED || packed.fd < 0) return -1;
  pack(text, &about);
  put_out();
  // At any time one of the two is there, and readers take the unpacked one first.
  if (packed.failed || renameat(directory, made, directory, to) != 0) {
    unlinkat(directory, made, 0);
    return -1;
  }
  return unlinkat(directory, from, 0);
}
