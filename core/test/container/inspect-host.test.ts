import { describe, expect, it } from 'vitest';
import { NOTHING_GIVEN } from '../../src/container/as-given.ts';
import { hostConfig } from '../../src/container/inspect-host.ts';
import { parseOptions } from '../../src/container/options.ts';
import type { ContainerSpec } from '../../src/container/record.ts';
import { parseSecurityOptions } from '../../src/container/security.ts';
import { mergeMounts } from '../../src/volume/merge.ts';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';
import type { MountRequest } from '../../src/volume/request.ts';
import { parseTmpfsFlag } from '../../src/volume/tmpfs.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';
import { row, SPEC } from './state.ts';

/**
 * Docker 28's HostConfig, by the type of each field in the JSON of `docker inspect`: a letter for a string, number, boolean,
 * list, object, or null, where nothing was asked for. Those that are left out when empty are below.
 */
const FIELDS: Readonly<Record<string, string>> = {
  string:
    'ContainerIDFile NetworkMode VolumeDriver CgroupnsMode IpcMode Cgroup PidMode UTSMode UsernsMode Runtime Isolation CgroupParent CpusetCpus CpusetMems',
  number:
    'OomScoreAdj ShmSize CpuShares Memory NanoCpus BlkioWeight CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime MemoryReservation MemorySwap CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth',
  boolean: 'AutoRemove Privileged PublishAllPorts ReadonlyRootfs',
  list: 'ConsoleSize Dns DnsOptions DnsSearch BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps Devices Ulimits MaskedPaths ReadonlyPaths',
  object: 'LogConfig PortBindings RestartPolicy',
  null: 'Binds VolumesFrom CapAdd CapDrop ExtraHosts GroupAdd Links SecurityOpt DeviceCgroupRules DeviceRequests MemorySwappiness OomKillDisable PidsLimit',
};

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;

describe('HostConfig', () => {
  it('has Docker’s fields, each of Docker’s type', () => {
    const config = hostConfig(row(), { ...SPEC, options: parseOptions({}) });
    const types: Record<string, string> = {};
    for (const [type, names] of Object.entries(FIELDS))
      for (const name of names.split(' ')) types[name] = type;
    expect(Object.fromEntries(Object.entries(config).map(([name, value]) => [name, typeOf(value)]))).toEqual(
      types,
    );
  });

  it('tells all that flags asked for', () => {
    const spec: ContainerSpec = {
      ...SPEC,
      init: true,
      capAdd: ['NET_ADMIN'],
      given: {
        attach: { stdin: false, stdout: true, stderr: true },
        publishAll: true,
        volumesFrom: ['web:ro'],
        cidFile: 'id',
        userns: 'host',
      },
      security: parseSecurityOptions(
        ['no-new-privileges', 'label=disable', 'mask=/etc', 'unmask=/proc/kcore'],
        false,
      ),
      options: parseOptions({
        pid: 'host',
        ipc: 'shareable',
        uts: 'host',
        cgroupns: 'host',
        cgroupParent: 'web',
        devices: ['/dev/fuse:/dev/other:rw'],
        memory: '64m',
        cpus: '1.5',
        pidsLimit: 5,
        blkioWeight: 100,
        deviceReadBps: ['/dev/sda:1mb'],
        deviceWriteIops: ['/dev/sda:10'],
        memorySwappiness: 5,
        oomKillDisable: true,
        groupAdd: ['audio'],
        oomScoreAdj: 100,
        sysctls: ['net.ipv4.ip_forward=1'],
        annotations: ['a=b'],
        ulimits: ['nofile=5:6'],
        restart: 'on-failure:3',
        shmSize: '1m',
      }),
    };
    expect(hostConfig(row(), spec)).toMatchObject({
      ContainerIDFile: 'id',
      VolumesFrom: ['web:ro'],
      PublishAllPorts: true,
      UsernsMode: 'host',
      PidMode: 'host',
      IpcMode: 'shareable',
      UTSMode: 'host',
      CgroupnsMode: 'host',
      CgroupParent: 'web',
      Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/other', CgroupPermissions: 'rw' }],
      Memory: 67108864,
      MemorySwap: 134217728,
      NanoCpus: 1_500_000_000,
      CpuPeriod: 0,
      CpuQuota: 0,
      PidsLimit: 5,
      BlkioWeight: 100,
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1048576 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 10 }],
      MemorySwappiness: 5,
      OomKillDisable: true,
      GroupAdd: ['audio'],
      OomScoreAdj: 100,
      Sysctls: { 'net.ipv4.ip_forward': '1' },
      Annotations: { a: 'b' },
      Ulimits: [{ Name: 'nofile', Hard: 6, Soft: 5 }],
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      ShmSize: 1048576,
      CapAdd: ['NET_ADMIN'],
      Init: true,
      SecurityOpt: ['no-new-privileges', 'label=disable', 'mask=/etc', 'unmask=/proc/kcore'],
      MaskedPaths: expect.arrayContaining(['/etc', '/sys/firmware']),
    });
  });
});

describe('SecurityOpt', () => {
  const shown = (securityOpt: readonly string[], more: Partial<ContainerSpec> = {}) =>
    hostConfig(row(), {
      ...SPEC,
      security: parseSecurityOptions(securityOpt, more.privileged === true),
      given: { ...NOTHING_GIVEN, securityOpt },
      ...more,
    }).SecurityOpt;

  it('is as it was given, without what has a field of its own', () => {
    expect(shown(['no-new-privileges:true', 'systempaths=unconfined', 'seccomp=builtin'])).toEqual([
      'no-new-privileges:true',
      'seccomp=builtin',
    ]);
    expect(shown([])).toBeNull();
  });

  it('has no label where one would be in the way', () => {
    expect(shown([], { privileged: true })).toEqual(['label=disable']);
    expect(shown(['label=disable'], { privileged: true })).toEqual(['label=disable']);
    expect(shown([], { options: parseOptions({ pid: 'host' }) })).toEqual(['label=disable']);
  });
});

describe('mounts in HostConfig', () => {
  const shown = (mount: MountRequest) =>
    hostConfig(row(), {
      ...SPEC,
      mounts: mergeMounts({
        asked: [mount],
        imageVolumes: [],
        inherited: [],
        newName: () => 'anon',
        resolveImage: () => ({ imageId: 'i', topLayer: undefined }),
      }).mounts,
    });

  it('are among the binds by -v, and among the mounts by --mount', () => {
    expect(shown(parseVolumeFlag('data:/y', '/'))).toMatchObject({ Binds: ['data:/y'] });
    expect(shown(parseVolumeFlag('/tmp:/x:ro', '/'))).toMatchObject({ Binds: ['/tmp:/x:ro'] });
    expect(shown(parseVolumeFlag('/tmp:/x', '/'))).not.toHaveProperty('Mounts');
    expect(
      shown(parseMountFlag('type=bind,source=/tmp,target=/z,readonly,bind-propagation=rslave', '/')),
    ).toMatchObject({
      Binds: null,
      Mounts: [
        {
          Type: 'bind',
          Source: '/tmp',
          Target: '/z',
          ReadOnly: true,
          BindOptions: { Propagation: 'rslave' },
        },
      ],
    });
    expect(
      shown(parseMountFlag('source=data,target=/z,volume-nocopy,volume-label=a=b=c', '/')).Mounts,
    ).toEqual([
      {
        Type: 'volume',
        Source: 'data',
        Target: '/z',
        VolumeOptions: { NoCopy: true, Labels: { a: 'b=c' }, DriverConfig: {} },
      },
    ]);
    expect(shown(parseMountFlag('type=tmpfs,target=/z,tmpfs-size=1m,tmpfs-mode=0700', '/')).Mounts).toEqual([
      { Type: 'tmpfs', Target: '/z', TmpfsOptions: { SizeBytes: 1 << 20, Mode: 0o700 } },
    ]);
    expect(shown(parseTmpfsFlag('/t:size=1m'))).toMatchObject({ Tmpfs: { '/t': 'size=1m' } });
  });
});
