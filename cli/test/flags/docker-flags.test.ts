import { describe, expect, it } from 'vitest';
import type { CommandClass } from '../../src/base-command.ts';
import { COMMANDS } from '../../src/commands.ts';
import { type ContainerFlags, containerFlags, createRequest } from '../../src/flags/container.ts';
import { parseFlags } from '../../src/flags/parse.ts';

/** The flags of Docker 28's commands on containers: `short|name`, with `!` at the end for those without a value. */
const DOCKER: Readonly<Record<string, string>> = {
  run: `
    add-host annotation a|attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns
    cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c|cpu-shares cpus
    cpuset-cpus cpuset-mems d|detach! detach-keys device device-cgroup-rule device-read-bps device-read-iops
    device-write-bps device-write-iops disable-content-trust! dns dns-option dns-search domainname
    entrypoint e|env env-file expose gpus group-add health-cmd health-interval health-retries
    health-start-interval health-start-period health-timeout h|hostname init! i|interactive! io-maxbandwidth
    io-maxiops ip ip6 ipc isolation kernel-memory l|label label-file link link-local-ip log-driver log-opt
    mac-address m|memory memory-reservation memory-swap memory-swappiness mount name network network-alias
    no-healthcheck! oom-kill-disable! oom-score-adj pid pids-limit platform privileged! p|publish
    P|publish-all! pull q|quiet! read-only! restart rm! runtime security-opt shm-size sig-proxy! stop-signal
    stop-timeout storage-opt sysctl tmpfs t|tty! ulimit use-api-socket! u|user userns uts v|volume
    volume-driver volumes-from w|workdir`,
  create: `
    add-host annotation a|attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns
    cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c|cpu-shares cpus
    cpuset-cpus cpuset-mems device device-cgroup-rule device-read-bps device-read-iops device-write-bps
    device-write-iops disable-content-trust! dns dns-option dns-search domainname entrypoint e|env env-file
    expose gpus group-add health-cmd health-interval health-retries health-start-interval
    health-start-period health-timeout h|hostname init! i|interactive! io-maxbandwidth io-maxiops ip ip6 ipc
    isolation kernel-memory l|label label-file link link-local-ip log-driver log-opt mac-address m|memory
    memory-reservation memory-swap memory-swappiness mount name network network-alias no-healthcheck!
    oom-kill-disable! oom-score-adj pid pids-limit platform privileged! p|publish P|publish-all! pull
    q|quiet! read-only! restart rm! runtime security-opt shm-size stop-signal stop-timeout storage-opt
    sysctl tmpfs t|tty! ulimit use-api-socket! u|user userns uts v|volume volume-driver volumes-from
    w|workdir`,
  exec: `
    d|detach! detach-keys e|env env-file i|interactive! privileged! t|tty! u|user w|workdir`,
  update: `
    blkio-weight cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c|cpu-shares cpus cpuset-cpus cpuset-mems
    m|memory memory-reservation memory-swap pids-limit restart`,
  start: `
    a|attach! checkpoint checkpoint-dir detach-keys i|interactive!`,
  attach: `
    detach-keys no-stdin! sig-proxy!`,
  kill: `
    s|signal`,
  rm: `
    f|force! l|link! v|volumes!`,
  stop: `
    s|signal t|timeout`,
  restart: `
    s|signal t|timeout`,
  ps: `
    a|all! f|filter format n|last l|latest! no-trunc! q|quiet! s|size!`,
  logs: `
    details! f|follow! since n|tail t|timestamps! until`,
  top: ``,
  stats: `
    a|all! format no-stream! no-trunc!`,
  inspect: `
    f|format s|size! type`,
  port: ``,
  rename: ``,
  wait: ``,
  cp: `
    a|archive! L|follow-link! q|quiet!`,
  diff: ``,
  events: `
    f|filter format since until`,
  pause: ``,
  unpause: ``,
  commit: `
    a|author c|change m|message p|pause!`,
  export: `
    o|output`,
  'network create': `
    attachable! aux-address config-from config-only! d|driver gateway ingress! internal! ip-range ipam-driver
    ipam-opt ipv4! ipv6! label o|opt scope subnet`,
  'network connect': `
    alias driver-opt gw-priority ip ip6 link link-local-ip`,
  'network disconnect': `
    f|force!`,
  'network ls': `
    f|filter format no-trunc! q|quiet!`,
  'network inspect': `
    f|format v|verbose!`,
  'network prune': `
    filter f|force!`,
  'network rm': `
    f|force!`,
  'container prune': `
    filter f|force!`,
};

/** Those of `run` and `create` that Wherry knows and refuses, one of podman's among them, with a value that asks for something. */
const REFUSED: Readonly<Record<string, string>> = {
  'cpu-count': '2',
  'cpu-percent': '50',
  'device-cgroup-rule': 'c 1:3 mr',
  'disable-content-trust': 'false',
  gpus: 'all',
  'io-maxbandwidth': '1m',
  'io-maxiops': '5',
  isolation: 'hyperv',
  runtime: 'runc',
  'storage-opt': 'size=1g',
  'use-api-socket': 'true',
  'volume-driver': 'nfs',
};

/** Values that ask for nothing, as scripts give them. */
const HARMLESS = [
  '--disable-content-trust',
  '--isolation=default',
  '--runtime=wherry',
  '--volume-driver=local',
  '--cpu-count=0',
];

const flagsOf = (list: string) =>
  list
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const match = /^(?:(?<short>\w)\|)?(?<name>[\w-]+)(?<boolean>!)?$/.exec(word)?.groups;
      return { short: match?.short, name: match?.name ?? '', boolean: match?.boolean === '!' };
    });

function findFlag({ flags }: CommandClass, name: string) {
  return Object.entries(flags).find(
    ([own, flag]) => own === name || flag.aliases?.includes(name) === true,
  )?.[1];
}

function request(...argv: string[]) {
  const parsed = parseFlags({
    command: 'create',
    argv: [...argv, 'image'],
    flags: containerFlags,
    interspersed: false,
  });
  return createRequest(parsed.flags as ContainerFlags, parsed.positionals, { env: {}, directory: '/' });
}

describe.each(Object.entries(DOCKER))('docker %s', (id, list) => {
  it('has no flag that Wherry does not know, by its long and its short name, with a value or without', async () => {
    const command = await (COMMANDS[id] ?? expect.fail(`there is no command ${id}`))();
    const wrong = flagsOf(list).filter(({ short, name, boolean }) => {
      const flag = findFlag(command, name);
      if (flag === undefined || (flag.type === 'boolean') !== boolean) return true;
      return short !== undefined && flag.char !== short;
    });
    expect(wrong).toEqual([]);
  });
});

describe('a flag of Docker that can not be had', () => {
  it.each(Object.entries(REFUSED))('--%s=%s is refused by name, with a reason', (name, value) => {
    expect(() => request(`--${name}=${value}`)).toThrow(
      expect.objectContaining({
        code: 'E_UNSUPPORTED_FLAG',
        exitCode: 1,
        message: expect.stringMatching(new RegExp(`^--${name}(=.*)?: .{20,}\\.$`)),
        hint: expect.stringMatching(/.{10,}/),
      }),
    );
  });

  it('is taken with a value that asks for nothing', () => {
    expect(request(...HARMLESS)).toMatchObject({ image: 'image' });
  });

  it('is not offered by help', async () => {
    const command = await (COMMANDS.run ?? expect.fail())();
    for (const name of Object.keys(REFUSED)) expect(findFlag(command, name)?.hidden, name).toBe(true);
  });
});
