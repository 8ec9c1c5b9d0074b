/*
 * toolbox: the small tools of the starter image, one program with many names. It shows where a container is: files,
 * ids, mounts, network, processes. There is no shell.
 *
 * Called as `toolbox NAME ARGUMENTS…` or by a link of that name. Exit status: 0, 1 when something failed, 2 for a
 * wrong call, 127 for an unknown name.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static const char *tool = "toolbox";

/* Reports errno for a path and gives the exit status for it. */
static int failed(const char *what) {
  fprintf(stderr, "%s: %s: %s\n", tool, what, strerror(errno));
  return 1;
}

static int wrong_call(const char *usage) {
  fprintf(stderr, "usage: %s\n", usage);
  return 2;
}

/* --- cat, echo, env, pwd, sleep, hostname, uname, true, false ----------------------------------------------------- */

static int copy_to_stdout(int fd, const char *name) {
  char buffer[65536];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(name);
    if (got == 0) return 0;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failed("standard output");
      done += put;
    }
  }
}

static int do_cat(int argc, char **argv) {
  if (argc == 1) return copy_to_stdout(STDIN_FILENO, "standard input");
  int status = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-") == 0) {
      status |= copy_to_stdout(STDIN_FILENO, "standard input");
      continue;
    }
    int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      status |= failed(argv[i]);
      continue;
    }
    status |= copy_to_stdout(fd, argv[i]);
    close(fd);
  }
  return status;
}

static int do_echo(int argc, char **argv) {
  int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1;
  for (int i = first; i < argc; i++) printf("%s%s", argv[i], i + 1 < argc ? " " : "");
  if (first == 1) putchar('\n');
  return 0;
}

static int do_env(int argc, char **argv) {
  (void)argv;
  if (argc > 1) return wrong_call("env");
  for (char **entry = environ; *entry != NULL; entry++) puts(*entry);
  return 0;
}

static int do_pwd(int argc, char **argv) {
  (void)argc, (void)argv;
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == NULL) return failed("working directory");
  puts(path);
  return 0;
}

static int do_sleep(int argc, char **argv) {
  double total = 0;
  if (argc < 2) return wrong_call("sleep SECONDS…");
  for (int i = 1; i < argc; i++) {
    char *end;
    double unit = 1, count = strtod(argv[i], &end);
    if (*end == 'm') unit = 60;
    else if (*end == 'h') unit = 3600;
    else if (*end == 'd') unit = 86400;
    if (*end != '\0' && *end != '.' && strchr("smhd", *end) != NULL) end++;
    if (end == argv[i] || *end != '\0' || !(count >= 0)) return wrong_call("sleep SECONDS…");
    total += count * unit;
  }
  if (total > 1e9) {
    for (;;) pause();
  }
  struct timespec left = {(time_t)total, (long)((total - (double)(time_t)total) * 1e9)};
  while (nanosleep(&left, &left) != 0) {
    if (errno != EINTR) return failed("sleep");
  }
  return 0;
}

static int do_hostname(int argc, char **argv) {
  struct utsname system;
  if (argc == 2) return sethostname(argv[1], strlen(argv[1])) == 0 ? 0 : failed(argv[1]);
  if (uname(&system) != 0) return failed("uname");
  puts(system.nodename);
  return 0;
}

static int do_uname(int argc, char **argv) {
  struct utsname system;
  if (uname(&system) != 0) return failed("uname");
  const char *options = argc > 1 ? argv[1] : "-s";
  if (argc > 2 || options[0] != '-' || options[strspn(options + 1, "asnrvm") + 1] != '\0') {
    return wrong_call("uname [-asnrvm]");
  }
  const struct {
    char option;
    const char *text;
  } fields[] = {{'s', system.sysname}, {'n', system.nodename}, {'r', system.release}, {'v', system.version}, {'m', system.machine}};
  const char *space = "";
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (strchr(options, 'a') == NULL && strchr(options, fields[i].option) == NULL) continue;
    printf("%s%s", space, fields[i].text);
    space = " ";
  }
  putchar('\n');
  return 0;
}

static int do_true(int argc, char **argv) {
  (void)argc, (void)argv;
  return 0;
}

static int do_false(int argc, char **argv) {
  (void)argc, (void)argv;
  return 1;
}

/* --- ls: one name a line; with -l and -n mode, links, ids, size and time as well (UTC) ------------------------------ */

static void print_mode(mode_t mode) {
  const char *kinds = "?pc?d?b?-?l?s???";
  char text[] = "?rwxrwxrwx";
  text[0] = kinds[(mode >> 12) & 15];
  for (int bit = 0; bit < 9; bit++) {
    if ((mode & (0400U >> bit)) == 0) text[1 + bit] = '-';
  }
  if (mode & S_ISUID) text[3] = mode & S_IXUSR ? 's' : 'S';
  if (mode & S_ISGID) text[6] = mode & S_IXGRP ? 's' : 'S';
  if (mode & S_ISVTX) text[9] = mode & S_IXOTH ? 't' : 'T';
  fputs(text, stdout);
}

static int print_entry(int directory, const char *name, int is_long) {
  struct stat info;
  if (!is_long) {
    puts(name);
    return 0;
  }
  if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return failed(name);
  char when[32] = "?";
  struct tm parts;
  if (gmtime_r(&info.st_mtime, &parts) != NULL) strftime(when, sizeof when, "%Y-%m-%d %H:%M", &parts);
  print_mode(info.st_mode);
  printf(" %3lu %6lu %6lu ", (unsigned long)info.st_nlink, (unsigned long)info.st_uid, (unsigned long)info.st_gid);
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) printf("%5u, %3u", major(info.st_rdev), minor(info.st_rdev));
  else printf("%10lld", (long long)info.st_size);
  printf(" %s %s", when, name);
  if (S_ISLNK(info.st_mode)) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(directory, name, target, sizeof target);
    if (length >= 0) printf(" -> %.*s", (int)length, target);
  }
  putchar('\n');
  return 0;
}

static int all_names;

static int keep_name(const struct dirent *entry) {
  return all_names || entry->d_name[0] != '.';
}

static int list(const char *path, int is_long, int titled) {
  struct stat info;
  if ((is_long ? lstat(path, &info) : stat(path, &info)) != 0) return failed(path);
  if (!S_ISDIR(info.st_mode)) return print_entry(AT_FDCWD, path, is_long);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct dirent **entries;
  int count = fd < 0 ? -1 : scandir(path, &entries, keep_name, alphasort);
  if (count < 0) {
    int status = failed(path);
    if (fd >= 0) close(fd);
    return status;
  }
  int status = 0;
  if (titled) printf("%s:\n", path);
  for (int i = 0; i < count; i++) {
    status |= print_entry(fd, entries[i]->d_name, is_long);
    free(entries[i]);
  }
  free(entries);
  close(fd);
  return status;
}

static int do_ls(int argc, char **argv) {
  int is_long = 0, status = 0, option;
  while ((option = getopt(argc, argv, "lna1")) != -1) {
    if (option == '?') return wrong_call("ls [-lna1] [PATH…]");
    if (option == 'l' || option == 'n') is_long = 1;
    if (option == 'a') all_names = 1;
  }
  if (optind == argc) return list(".", is_long, 0);
  for (int i = optind; i < argc; i++) status |= list(argv[i], is_long, argc - optind > 1);
  return status;
}

/* --- id ------------------------------------------------------------------------------------------------------------ */

/* Prints `(name)` when the third field of a line of /etc/passwd or /etc/group is the id. */
static void print_name(const char *database, unsigned long id) {
  char line[4096], name[256];
  unsigned long found;
  FILE *file = fopen(database, "re");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%255[^:]:%*[^:]:%lu", name, &found) == 2 && found == id) {
      printf("(%s)", name);
      break;
    }
  }
  fclose(file);
}

static int do_id(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "-u") == 0) return printf("%lu\n", (unsigned long)geteuid()) < 0;
  if (argc == 2 && strcmp(argv[1], "-g") == 0) return printf("%lu\n", (unsigned long)getegid()) < 0;
  if (argc > 1) return wrong_call("id [-u|-g]");
  printf("uid=%lu", (unsigned long)geteuid());
  print_name("/etc/passwd", geteuid());
  printf(" gid=%lu", (unsigned long)getegid());
  print_name("/etc/group", getegid());
  static gid_t groups[65536];
  int count = getgroups(sizeof groups / sizeof *groups, groups);
  if (count < 0) return failed("groups");
  for (int i = 0; i < count; i++) {
    printf("%s%lu", i == 0 ? " groups=" : ",", (unsigned long)groups[i]);
    print_name("/etc/group", groups[i]);
  }
  putchar('\n');
  return 0;
}

/* --- mount: what is mounted where (proc_pid_mountinfo(5)) ----------------------------------------------------------- */

static int do_mount(int argc, char **argv) {
  (void)argv;
  if (argc > 1) return wrong_call("mount");
  FILE *file = fopen("/proc/self/mountinfo", "re");
  if (file == NULL) return failed("/proc/self/mountinfo");
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, file) > 0) {
    char *save, *field[6] = {0};
    char *tail = strstr(line, " - ");
    if (tail == NULL) continue;
    *tail = '\0';
    char *part = strtok_r(line, " ", &save);
    for (int i = 0; i < 6 && part != NULL; i++, part = strtok_r(NULL, " ", &save)) field[i] = part;
    char *type = strtok_r(tail + 3, " \n", &save);
    char *source = strtok_r(NULL, " \n", &save);
    if (field[5] != NULL && source != NULL) printf("%s on %s type %s (%s)\n", source, field[4], type, field[5]);
  }
  free(line);
  fclose(file);
  return 0;
}

/* --- ip: interfaces and their addresses ------------------------------------------------------------------------------ */

static unsigned prefix_length(const struct sockaddr *mask, size_t bytes) {
  const unsigned char *bits = mask->sa_family == AF_INET ? (const unsigned char *)&((const struct sockaddr_in *)mask)->sin_addr
                                                         : (const unsigned char *)&((const struct sockaddr_in6 *)mask)->sin6_addr;
  unsigned length = 0;
  for (size_t i = 0; i < bytes; i++) length += (unsigned)__builtin_popcount(bits[i]);
  return length;
}

static void print_addresses(const struct ifaddrs *all, const char *name) {
  for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next) {
    if (at->ifa_addr == NULL || strcmp(at->ifa_name, name) != 0) continue;
    char text[INET6_ADDRSTRLEN];
    int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const void *address = family == AF_INET ? (const void *)&((const struct sockaddr_in *)at->ifa_addr)->sin_addr
                                            : (const void *)&((const struct sockaddr_in6 *)at->ifa_addr)->sin6_addr;
    if (inet_ntop(family, address, text, sizeof text) == NULL) continue;
    printf(" %s", text);
    if (at->ifa_netmask != NULL) printf("/%u", prefix_length(at->ifa_netmask, family == AF_INET ? 4 : 16));
  }
}

static int do_ip(int argc, char **argv) {
  if (argc > 2 || (argc == 2 && strncmp("addresses", argv[1], strlen(argv[1])) != 0)) return wrong_call("ip [addr]");
  struct ifaddrs *all;
  struct if_nameindex *interfaces = if_nameindex();
  if (interfaces == NULL || getifaddrs(&all) != 0) return failed("interfaces");
  for (struct if_nameindex *at = interfaces; at->if_index != 0; at++) {
    unsigned flags = 0;
    for (struct ifaddrs *entry = all; entry != NULL; entry = entry->ifa_next) {
      if (strcmp(entry->ifa_name, at->if_name) == 0) flags |= entry->ifa_flags;
    }
    printf("%u: %s %s", at->if_index, at->if_name, flags & IFF_UP ? "up" : "down");
    print_addresses(all, at->if_name);
    putchar('\n');
  }
  freeifaddrs(all);
  if_freenameindex(interfaces);
  return 0;
}

/* --- ps ---------------------------------------------------------------------------------------------------------------- */

static int is_process(const struct dirent *entry) {
  return isdigit((unsigned char)entry->d_name[0]);
}

static void print_process(const char *pid) {
  char path[300], line[4096], name[64] = "?";
  unsigned long uid = 0;
  snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return; /* It ended meanwhile. */
  while (fgets(line, sizeof line, file) != NULL) {
    sscanf(line, "Name: %63[^\n]", name);
    sscanf(line, "Uid: %lu", &uid);
  }
  fclose(file);
  snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
  if (fd >= 0) close(fd);
  printf("%7s %6lu ", pid, uid);
  if (length <= 0) {
    printf("[%s]\n", name);
    return;
  }
  while (length > 0 && line[length - 1] == '\0') length--;
  for (ssize_t i = 0; i < length; i++) putchar(isprint((unsigned char)line[i]) || (line[i] & 0x80) ? line[i] : ' ');
  putchar('\n');
}

static int by_number(const struct dirent **a, const struct dirent **b) {
  long first = atol((*a)->d_name), second = atol((*b)->d_name);
  return (first > second) - (first < second);
}

static int do_ps(int argc, char **argv) {
  (void)argc, (void)argv;
  struct dirent **entries;
  int count = scandir("/proc", &entries, is_process, by_number);
  if (count < 0) return failed("/proc");
  puts("    PID    UID COMMAND");
  for (int i = 0; i < count; i++) {
    print_process(entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return 0;
}

/* ----------------------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} tools[] = {
    {"cat", do_cat}, {"echo", do_echo}, {"env", do_env},     {"false", do_false}, {"hostname", do_hostname},
    {"id", do_id},   {"ip", do_ip},     {"ls", do_ls},       {"mount", do_mount}, {"ps", do_ps},
    {"pwd", do_pwd}, {"sleep", do_sleep}, {"true", do_true}, {"uname", do_uname},
};

int main(int argc, char **argv) {
  const char *called = argc > 0 ? argv[0] : "";
  const char *slash = strrchr(called, '/');
  if (slash != NULL) called = slash + 1;
  if (strcmp(called, "toolbox") == 0 && argc > 1) {
    argv++;
    argc--;
    called = argv[0];
  }
  for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
    if (strcmp(called, tools[i].name) != 0) continue;
    tool = tools[i].name;
    int status = tools[i].run(argc, argv);
    /* musl drops what a failed write left, and then has nothing to flush: ask for the error as well. */
    return fflush(stdout) == 0 && !ferror(stdout) ? status : failed("standard output");
  }
  int lost = strcmp(called, "toolbox") != 0;
  FILE *out = lost ? stderr : stdout;
  if (lost) fprintf(out, "toolbox: there is no %s here\n", called);
  fputs("The tools are:", out);
  for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) fprintf(out, " %s", tools[i].name);
  fputc('\n', out);
  return lost ? 127 : 0;
}
