import { absentCommand } from './absent-commands.ts';
import type { CommandClass } from './base-command.ts';
import { nearest } from './flags/suggest.ts';
import { usageError } from './flags/usage-error.ts';

type Load = () => Promise<CommandClass>;

/** Each command's class by its first name, two words where it has no short one; loaded when it is called. */
export const COMMANDS: Readonly<Record<string, Load>> = {
  run: async () => (await import('./commands/run.ts')).default,
  create: async () => (await import('./commands/create.ts')).default,
  start: async () => (await import('./commands/start.ts')).default,
  exec: async () => (await import('./commands/exec.ts')).default,
  attach: async () => (await import('./commands/attach.ts')).default,
  restart: async () => (await import('./commands/restart.ts')).default,
  rename: async () => (await import('./commands/rename.ts')).default,
  inspect: async () => (await import('./commands/inspect.ts')).default,
  pause: async () => (await import('./commands/pause.ts')).default,
  unpause: async () => (await import('./commands/unpause.ts')).default,
  update: async () => (await import('./commands/update.ts')).default,
  diff: async () => (await import('./commands/diff.ts')).default,
  top: async () => (await import('./commands/top.ts')).default,
  cp: async () => (await import('./commands/cp.ts')).default,
  stats: async () => (await import('./commands/stats.ts')).default,
  'container inspect': async () => (await import('./commands/container/inspect.ts')).default,
  'container prune': async () => (await import('./commands/container/prune.ts')).default,
  ps: async () => (await import('./commands/ps.ts')).default,
  logs: async () => (await import('./commands/logs.ts')).default,
  stop: async () => (await import('./commands/stop.ts')).default,
  kill: async () => (await import('./commands/kill.ts')).default,
  wait: async () => (await import('./commands/wait.ts')).default,
  rm: async () => (await import('./commands/rm.ts')).default,
  pull: async () => (await import('./commands/pull.ts')).default,
  images: async () => (await import('./commands/images.ts')).default,
  push: async () => (await import('./commands/push.ts')).default,
  login: async () => (await import('./commands/login.ts')).default,
  logout: async () => (await import('./commands/logout.ts')).default,
  search: async () => (await import('./commands/search.ts')).default,
  rmi: async () => (await import('./commands/rmi.ts')).default,
  tag: async () => (await import('./commands/tag.ts')).default,
  history: async () => (await import('./commands/history.ts')).default,
  'image inspect': async () => (await import('./commands/image/inspect.ts')).default,
  'image prune': async () => (await import('./commands/image/prune.ts')).default,
  save: async () => (await import('./commands/save.ts')).default,
  load: async () => (await import('./commands/load.ts')).default,
  import: async () => (await import('./commands/import.ts')).default,
  export: async () => (await import('./commands/export.ts')).default,
  commit: async () => (await import('./commands/commit.ts')).default,
  events: async () => (await import('./commands/events.ts')).default,
  info: async () => (await import('./commands/info.ts')).default,
  version: async () => (await import('./commands/version.ts')).default,
  completion: async () => (await import('./commands/completion.ts')).default,
  'network connect': async () => (await import('./commands/network/connect.ts')).default,
  'network create': async () => (await import('./commands/network/create.ts')).default,
  'network disconnect': async () => (await import('./commands/network/disconnect.ts')).default,
  'network inspect': async () => (await import('./commands/network/inspect.ts')).default,
  'network ls': async () => (await import('./commands/network/ls.ts')).default,
  'network prune': async () => (await import('./commands/network/prune.ts')).default,
  'network rm': async () => (await import('./commands/network/rm.ts')).default,
  port: async () => (await import('./commands/port.ts')).default,
  'system start-all': async () => (await import('./commands/system/start-all.ts')).default,
  'generate systemd': async () => (await import('./commands/generate/systemd.ts')).default,
  'system check': async () => (await import('./commands/system/check.ts')).default,
  'system prune': async () => (await import('./commands/system/prune.ts')).default,
  'system df': async () => (await import('./commands/system/df.ts')).default,
  'plugin inspect': async () => (await import('./commands/plugin/inspect.ts')).default,
  'plugin install': async () => (await import('./commands/plugin/install.ts')).default,
  'plugin ls': async () => (await import('./commands/plugin/ls.ts')).default,
  'plugin rm': async () => (await import('./commands/plugin/rm.ts')).default,
  'volume create': async () => (await import('./commands/volume/create.ts')).default,
  'volume export': async () => (await import('./commands/volume/export.ts')).default,
  'volume import': async () => (await import('./commands/volume/import.ts')).default,
  'volume inspect': async () => (await import('./commands/volume/inspect.ts')).default,
  'volume ls': async () => (await import('./commands/volume/ls.ts')).default,
  'volume prune': async () => (await import('./commands/volume/prune.ts')).default,
  'volume rm': async () => (await import('./commands/volume/rm.ts')).default,
  help: async () => (await import('./commands/help.ts')).default,
};

/** Docker's topics: a second word for a command, `container ls` for `ps`. */
export const TOPICS: Readonly<
  Record<string, { readonly summary: string; readonly commands: Record<string, string> }>
> = {
  container: {
    summary: 'Manage containers',
    commands: {
      attach: 'attach',
      commit: 'commit',
      cp: 'cp',
      create: 'create',
      export: 'export',
      diff: 'diff',
      exec: 'exec',
      inspect: 'container inspect',
      kill: 'kill',
      list: 'ps',
      logs: 'logs',
      ls: 'ps',
      pause: 'pause',
      port: 'port',
      prune: 'container prune',
      ps: 'ps',
      remove: 'rm',
      rename: 'rename',
      restart: 'restart',
      rm: 'rm',
      run: 'run',
      start: 'start',
      stats: 'stats',
      stop: 'stop',
      top: 'top',
      unpause: 'unpause',
      update: 'update',
      wait: 'wait',
    },
  },
  image: {
    summary: 'Manage images',
    commands: {
      history: 'history',
      inspect: 'image inspect',
      list: 'images',
      import: 'import',
      load: 'load',
      ls: 'images',
      prune: 'image prune',
      pull: 'pull',
      push: 'push',
      remove: 'rmi',
      rm: 'rmi',
      save: 'save',
      tag: 'tag',
    },
  },
  network: {
    summary: 'Manage networks',
    commands: {
      connect: 'network connect',
      create: 'network create',
      disconnect: 'network disconnect',
      inspect: 'network inspect',
      list: 'network ls',
      ls: 'network ls',
      prune: 'network prune',
      remove: 'network rm',
      rm: 'network rm',
    },
  },
  volume: {
    summary: 'Manage volumes',
    commands: {
      create: 'volume create',
      export: 'volume export',
      import: 'volume import',
      inspect: 'volume inspect',
      list: 'volume ls',
      ls: 'volume ls',
      prune: 'volume prune',
      remove: 'volume rm',
      rm: 'volume rm',
    },
  },
  plugin: {
    summary: 'Manage drivers',
    commands: {
      inspect: 'plugin inspect',
      install: 'plugin install',
      list: 'plugin ls',
      ls: 'plugin ls',
      remove: 'plugin rm',
      rm: 'plugin rm',
    },
  },
  generate: {
    summary: 'Generate what other programs start containers by',
    commands: { systemd: 'generate systemd' },
  },
  system: {
    summary: 'Manage Wherry',
    commands: {
      check: 'system check',
      df: 'system df',
      events: 'events',
      info: 'info',
      prune: 'system prune',
      'start-all': 'system start-all',
    },
  },
};

export type Resolved =
  | {
      readonly kind: 'command';
      readonly id: string;
      readonly called: string;
      readonly argv: readonly string[];
    }
  | { readonly kind: 'topic'; readonly topic: string };

/**
 * The command that the words name, with the rest for it.
 *
 * @throws WherryError `E_USAGE` with the nearest name, `E_UNSUPPORTED_COMMAND` for one of Docker's that isn't there
 */
export function resolveCommand(words: readonly string[]): Resolved {
  const [first = '', second, ...rest] = words;
  if (Object.hasOwn(COMMANDS, first))
    return { kind: 'command', id: first, called: first, argv: words.slice(1) };
  const topic = Object.hasOwn(TOPICS, first) ? TOPICS[first] : undefined;
  if (topic === undefined) {
    throw absentCommand(words) ?? unknown(first, '', [...Object.keys(COMMANDS), ...Object.keys(TOPICS)]);
  }
  if (second === undefined || second === '--help' || second === '-h') return { kind: 'topic', topic: first };
  const id = Object.hasOwn(topic.commands, second) ? topic.commands[second] : undefined;
  if (id === undefined)
    throw (
      absentCommand(words) ??
      unknown(
        `${first} ${second}`,
        first,
        Object.keys(topic.commands).map((each) => `${first} ${each}`),
      )
    );
  return { kind: 'command', id, called: `${first} ${second}`, argv: rest };
}

function unknown(called: string, topic: string, candidates: readonly string[]): Error {
  const near = nearest(called, candidates);
  return usageError(
    topic,
    `unknown command: wherry ${called}`,
    near === undefined ? {} : { suggestion: `'wherry ${near}'` },
  );
}
