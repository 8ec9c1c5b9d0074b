// The settings section as a struct. Strings point into the program.
#ifndef WHERRY_SETTINGS_H
#define WHERRY_SETTINGS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "program.h"

enum namespace_kind { NS_MOUNT, NS_PID, NS_NETWORK, NS_UTS, NS_IPC, NS_CGROUP, NAMESPACES };
enum namespace_mode { NAMESPACE_SHARED, NAMESPACE_NEW, NAMESPACE_JOINED };
enum stdin_mode { STDIN_NONE, STDIN_STAYS_OPEN, STDIN_ONCE };
enum framing {
  FRAMING_DOCKER_JSON,
  FRAMING_CRI,
  FRAMING_RAW,
  FRAMING_BINARY,
  FRAMING_SYSLOG_RFC3164,
  FRAMING_SYSLOG_RFC5424,
  FRAMING_JOURNALD,
  FRAMING_GELF,
  FRAMING_FLUENTD,
};
enum restart_policy { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

// The kernel takes 340 lines in an id map (user_namespaces(7)).
enum { MAX_EXTENTS = 340 };
// More than there are controllers.
enum { MAX_GROUPS = 16, MAX_LIMITS = 64 };

struct settings {
  const char *directory;  // NULL: no lock, no facts, no attach socket
  struct user_namespace {
    bool wanted, deny_setgroups;
    const char *holder;                 // NULL: none
    const char *newuidmap, *newgidmap;  // NULL: written directly
    uint32_t linger;
    // Lines of the maps: arguments of the program, three each.
    const struct operation *uids[MAX_EXTENTS], *gids[MAX_EXTENTS];
    unsigned uid_count, gid_count;
  } user;
  struct { enum namespace_mode mode; const char *path; } namespaces[NAMESPACES];
  pid_t join_pid;
  const char *join_start;  // NULL: nothing to join
  bool terminal, detach, signal_proxy;
  enum stdin_mode stdin_mode;
  bool attach_stdin, attach_stdout, attach_stderr;
  const char *detach_keys;
  unsigned detach_key_count;
  struct log_settings {
    const char *path;     // NULL: not to a file
    const char *address;  // NULL: not to a socket
    enum framing framing;
    uint64_t max_size;  // 0: never rotated
    unsigned max_files;
    const char *attributes;  // NULL: none
    bool compress;
    // For a socket.
    bool non_blocking, required, subsecond;
    uint32_t buffer;  // bytes
    uint32_t number;  // of the facility, or of the pairs in `fields`
    const char *head, *fields;
    const struct operation *helper;  // NULL: nobody's to start
    size_t head_size, fields_size;
    uint32_t messages;               // that wait at most; 0: as many as there is room for
    uint32_t retry_wait;             // milliseconds before a lost connection is made anew; 0: 100, doubled each time
    uint32_t max_retries;            // after so many what waits is dropped; 0: never
    uint32_t write_timeout;          // milliseconds without progress that end a connection; 0: none
    uint32_t renewal;                // milliseconds after which a connection is made anew; 0: never
    bool holds;                      // the container waits while there is no connection, too
    bool acknowledged;               // fluentd: a message waits for the receiver's word that it has it
  } log_file, log_socket;            // either, both, or none
  int stop_signal;
  const char *events;   // path and beginning of the name of event files; NULL: none
  const char *exec_id;  // NULL: the container's own process
  struct health_settings {
    const struct operation *operation;  // NULL: no check; its arguments from the sixth on are the command
    uint64_t interval, timeout, start_period, start_interval;  // milliseconds
    uint32_t retries;
  } health;
  bool own_session;  // not of the program: for processes that are killed with what they have started
  enum restart_policy restart;
  uint32_t max_retries;
  const char *pidfile;  // NULL: none
  const char *cgroup;
  bool cgroup_optional;
  const struct operation *scope;  // NULL: none
  const struct operation *limits[MAX_LIMITS];
  unsigned limit_count;
  // Of version 1: path and controller each.
  const struct operation *groups[MAX_GROUPS];
  unsigned group_count;
};

// 0, or -1 with the failure recorded.
int settings_read(const struct program *program, struct settings *settings);

struct restart { enum restart_policy policy; uint32_t max_retries; };
// The policy that `update` has left in the container's directory, else the program's.
struct restart settings_restart(const struct settings *settings, int directory);

#endif
