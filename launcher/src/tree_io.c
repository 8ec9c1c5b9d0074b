/* Frames of the tree worker: little-endian, a length, an operation, a body. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned char input[TREE_FRAME_MAX + 8];
static size_t input_start, input_end;
static unsigned char output[TREE_FRAME_MAX];
static size_t output_used, frame_start;

/* Makes `want` bytes lie in one piece. 1, 0 at the end of input, -1 when it ended within them. */
static int fill(size_t want) {
  if (input_end - input_start >= want) return 1;
  if (input_start > 0) {
    memmove(input, input + input_start, input_end - input_start);
    input_end -= input_start;
    input_start = 0;
  }
  while (input_end < want) {
    ssize_t got = read(STDIN_FILENO, input + input_end, sizeof input - input_end);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 && input_end == 0 ? 0 : -1;
    input_end += (size_t)got;
  }
  return 1;
}

int frame_next(uint32_t *length, uint8_t *op) {
  int got = fill(5);
  if (got <= 0) return got;
  struct reader in = {input + input_start, input + input_end, false};
  *length = frame_u32(&in);
  *op = frame_u8(&in);
  if (*length == 0) return -1;
  *length -= 1;
  input_start += 5;
  return 1;
}

int frame_body(uint32_t length, struct reader *in) {
  if (length > TREE_FRAME_MAX) return -1;
  if (length > 0 && fill(length) != 1) return -1;
  *in = (struct reader){input + input_start, input + input_start + length, false};
  input_start += length;
  return 0;
}

ssize_t frame_piece(uint32_t left, const unsigned char **piece) {
  if (fill(1) != 1) return -1;
  size_t have = input_end - input_start;
  if (have > left) have = left;
  *piece = input + input_start;
  input_start += have;
  return (ssize_t)have;
}

const unsigned char *frame_bytes(struct reader *in, size_t length) {
  if ((size_t)(in->end - in->at) < length) {
    in->short_frame = true;
    in->at = in->end;
    return NULL;
  }
  const unsigned char *bytes = in->at;
  in->at += length;
  return bytes;
}

static uint64_t get_number(struct reader *in, size_t size) {
  const unsigned char *bytes = frame_bytes(in, size);
  uint64_t number = 0;
  for (size_t i = size; bytes != NULL && i-- > 0;) number = number << 8 | bytes[i];
  return number;
}

uint8_t frame_u8(struct reader *in) { return (uint8_t)get_number(in, 1); }
uint16_t frame_u16(struct reader *in) { return (uint16_t)get_number(in, 2); }
uint32_t frame_u32(struct reader *in) { return (uint32_t)get_number(in, 4); }
uint64_t frame_u64(struct reader *in) { return get_number(in, 8); }

bool frame_path(struct reader *in, char *into) {
  size_t length = frame_u16(in);
  const unsigned char *bytes = frame_bytes(in, length);
  if (bytes == NULL || length >= PATH_MAX || memchr(bytes, 0, length) != NULL) return false;
  memcpy(into, bytes, length);
  into[length] = '\0';
  return true;
}

static void write_out(size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t put = write(STDOUT_FILENO, output + done, length - done);
    if (put < 0 && errno == EINTR) continue;
    /* Nobody reads the answers any more: the client has gone, and so has the reason to go on. */
    if (put <= 0) _exit(1);
    done += (size_t)put;
  }
}

void reply_flush(void) {
  write_out(output_used);
  output_used = 0;
}

void reply_bytes(const void *bytes, size_t length) {
  if (output_used + length > sizeof output) {
    /* What is complete goes; the frame that was begun moves to the front. Replies are kept well below the buffer. */
    size_t begun = output_used - frame_start;
    if (begun + length > sizeof output) abort();
    write_out(frame_start);
    memmove(output, output + frame_start, begun);
    frame_start = 0;
    output_used = begun;
  }
  if (length > 0) memcpy(output + output_used, bytes, length);
  output_used += length;
}

static void put_number(uint64_t number, size_t size) {
  unsigned char bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(number >> (8 * i));
  reply_bytes(bytes, size);
}

void reply_u8(uint8_t number) { put_number(number, 1); }
void reply_u16(uint16_t number) { put_number(number, 2); }
void reply_u32(uint32_t number) { put_number(number, 4); }
void reply_u64(uint64_t number) { put_number(number, 8); }

void reply_string(const char *text) {
  size_t length = strlen(text);
  reply_u16((uint16_t)length);
  reply_bytes(text, length);
}

void reply_begin(uint8_t kind, uint32_t id) {
  frame_start = output_used;
  reply_u32(0);
  reply_u8(kind);
  reply_u32(id);
}

void reply_end(void) {
  size_t length = output_used - frame_start - 4;
  for (size_t i = 0; i < 4; i++) output[frame_start + i] = (unsigned char)(length >> (8 * i));
  frame_start = output_used;
  if (output_used > sizeof output / 2) {
    reply_flush();
    frame_start = 0;
  }
}
