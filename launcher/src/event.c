// Events of a container for the core to take into its books: a file each, so that none is lost that a later one overtakes.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "util.h"

// Slots of one writer: the newest events take the place of the oldest ones that nobody has fetched.
enum { SLOTS = 64 };

void event_tell(const struct monitor *monitor, char writer, const char *format, ...) {
  static unsigned count;
  const char *prefix = monitor->settings->events;
  const char *slash = prefix == NULL ? NULL : strrchr(prefix, '/');
  if (slash == NULL) return;
  char directory[4096], name[256], line[512];
  if (slash - prefix >= (long)sizeof directory) return;
  memcpy(directory, prefix, (size_t)(slash - prefix));
  directory[slash - prefix] = '\0';
  now_text(line);
  line[TIME_SIZE - 1] = ' ';
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line + TIME_SIZE, sizeof line - TIME_SIZE - 1, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= (int)sizeof line - TIME_SIZE - 1) return;
  line[TIME_SIZE + length] = '\n';
  snprintf(name, sizeof name, "%s.%c%u", slash + 1, writer, count++ % SLOTS);
  // An event that can't be written, on a full disk say, is no reason to disturb the container.
  CLEAN_FD int open_directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (open_directory >= 0) replace_file(open_directory, name, 0644, line, (size_t)(TIME_SIZE + length + 1));
}

void event_resize(const struct monitor *monitor) {
  if (monitor->settings->exec_id != NULL || monitor->window.ws_row == 0) return;
  event_tell(monitor, 'w', "resize %u %u", monitor->window.ws_row, monitor->window.ws_col);
}
