/*
 * hello: what `wherry run wherry/hello` shows. Says what just happened, from what the kernel tells of it.
 * It uses no stdio, which would be most of the program.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static char text[4096];
static size_t length;

static void say(const char *words) {
  size_t more = strlen(words);
  if (more > sizeof text - length) more = sizeof text - length;
  memcpy(text + length, words, more);
  length += more;
}

static void say_number(unsigned long number) {
  char digits[24], *at = digits + sizeof digits - 1;
  *at = '\0';
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  say(at);
}

static int show(void) {
  for (size_t done = 0; done < length;) {
    ssize_t put = write(STDOUT_FILENO, text + done, length - done);
    if (put <= 0) return 1;
    done += (size_t)put;
  }
  return 0;
}

/* The id outside of our id 0, and how many ids we have (user_namespaces(7)). Returns 0 when there is no map to read. */
static int read_map(unsigned long *outside, unsigned long *ids) {
  char map[4096];
  int found = 0, fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, map, sizeof map - 1);
  close(fd);
  map[got < 0 ? 0 : got] = '\0';
  *ids = 0;
  for (char *at = map, *end;; at = end) {
    unsigned long inside = strtoul(at, &end, 10);
    if (end == at) return found;
    unsigned long first = strtoul(end, &end, 10);
    *ids += strtoul(end, &end, 10);
    if (inside != 0) continue;
    *outside = first;
    found = 1;
  }
}

int main(void) {
  struct utsname system;
  unsigned long outside = 0, ids = 0, me = getuid();
  if (uname(&system) != 0) return 1;
  say("\nHello from inside a container!\n\n"
      "This is what it took to get here:\n"
      "  1. Wherry found the image wherry/hello, which it carries with it.\n"
      "  2. Drivers, each a WebAssembly component, planned the files and the network;\n"
      "     Wherry checked the plans, and a small launcher carried them out.\n"
      "  3. The launcher ran this program, alone with its own files, processes and name.\n\n"
      "  host name  ");
  say(system.nodename);
  say("\n  process    ");
  say_number((unsigned long)getpid());
  say("\n  kernel     ");
  say(system.release);
  say(" ");
  say(system.machine);
  say(" (the machine's own: a container brings no kernel)\n  user       ");
  say_number(me);
  say(" in here");
  if (read_map(&outside, &ids)) {
    if (me == 0) {
      say(", ");
      say_number(outside);
      say(" outside");
    }
    say("; ");
    say_number(ids);
    say(ids == 1 ? " id to use" : " ids to use");
  }
  say("\n\n");
  if (me == 0 && outside != 0) say("So the root of this container is nobody special outside, and no administrator was asked.\n\n");
  say("To go on:\n"
      "  wherry run --rm wherry/hello ls /            look around in here, even offline\n"
      "  wherry run --rm -it debian bash              a shell in Debian\n"
      "  wherry run -d --name web -p 8080:80 nginx    a server in the background\n"
      "  wherry ps                                    what is running\n\n");
  return show();
}
