import { describe, expect, it } from 'vitest';
import { type LaunchRequest, launchProgram } from '../../src/container/program.ts';
import type { ContainerSpec } from '../../src/container/record.ts';
import { ALL_NEW } from '../../src/container/sharing-target.ts';
import type { ContainerOperation, Operation } from '../../src/program/operation.ts';
import { SPEC } from './state.ts';

const extent = [{ inside: 0, outside: 1000, count: 1 }];
const bind = { op: 'rootfs-bind', mountpoint: '/c/rootfs', source: '/tree' } as const;

function program(spec: Partial<ContainerSpec> = {}, change: Partial<LaunchRequest> = {}) {
  return launchProgram({
    spec: { ...SPEC, ...spec },
    events: '/state/events/c1',
    directory: '/c',
    holder: '/run/w',
    idmap: {
      mode: 'range',
      uids: extent,
      gids: extent,
      helpers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' },
    },
    client: [],
    logSink: [],
    pending: [],
    rootfs: { prepare: [], container: [bind] },
    network: { prepare: [], container: [{ op: 'loopback-up' }], links: [] },
    hostNetwork: false,
    hostname: 'box',
    binds: [],
    mounts: { fill: [], mounts: [] },
    devices: [],
    sharing: ALL_NEW,
    identity: { user: { uid: 0, gid: 0, groups: [], home: '/root' }, granted: ['CAP_CHOWN'] },
    seccomp: undefined,
    cleanup: [],
    ...change,
  });
}
const names = (operations: readonly Operation[]) => operations.map(({ op }) => op);
const mountAt = (operations: readonly ContainerOperation[], target: string) =>
  operations.find((operation) => 'target' in operation && operation.target === target);

describe('the launch program', () => {
  it('begins with the root and ends with the command', () => {
    const { container } = program();
    expect(container.at(0)).toEqual(bind);
    expect(container.at(-1)).toEqual({ op: 'execute' });
    expect(container.at(-2)).toEqual({ op: 'arguments', argv: ['sh'] });
  });

  it('mounts, then protects, then leaves the host', () => {
    const { container } = program({}, { binds: [{ source: '/a', target: '/b', readOnly: true }] });
    const order = names(container);
    expect(order.lastIndexOf('mount')).toBeLessThan(order.indexOf('mask'));
    expect(order.lastIndexOf('bind')).toBeLessThan(order.indexOf('mask'));
    expect(order.lastIndexOf('read-only')).toBeLessThan(order.indexOf('pivot-root'));
    expect(order.indexOf('pivot-root')).toBeLessThan(order.indexOf('hostname'));
    expect(mountAt(container, '/b')).toMatchObject({ source: '/a', flags: ['readonly'], recursive: true });
  });

  it('mounts the files of the network over a mount of /etc, and below it nothing of theirs', () => {
    const over = (target: string) =>
      ({ op: 'bind', source: '/v', target, recursive: true, flags: [], propagation: 'rprivate' }) as const;
    const hosts = { source: '/c/hosts', target: '/etc/hosts', readOnly: false };
    const { container } = program(
      {},
      { binds: [hosts], mounts: { fill: [], mounts: [over('/etc'), over('/etc/hosts.d')] } },
    );
    const binds = container.filter(
      (operation) => 'target' in operation && operation.target.startsWith('/etc'),
    );
    expect(binds.map((operation) => 'target' in operation && operation.target)).toEqual([
      '/etc',
      '/etc/hosts',
      '/etc/hosts.d',
    ]);
    expect(binds[1]).toMatchObject({ optional: true });
  });

  it('hides of the kernel what Docker hides', () => {
    const { container } = program();
    expect(container).toContainEqual({ op: 'mask', path: '/proc/kcore' });
    expect(container).toContainEqual({ op: 'mask', path: '/sys/firmware' });
    expect(container).toContainEqual({ op: 'read-only', path: '/proc/sys' });
    expect(mountAt(container, '/sys')).toMatchObject({ flags: expect.arrayContaining(['readonly']) });
  });

  it('hides nothing from a privileged container, and gives it devices', () => {
    const { container } = program(
      { privileged: true },
      { devices: [{ source: '/dev/fuse', target: '/dev/fuse', optional: true }] },
    );
    expect(names(container)).not.toContain('mask');
    expect(names(container)).not.toContain('read-only');
    expect(mountAt(container, '/dev/fuse')).toMatchObject({ source: '/dev/fuse', optional: true });
  });

  it('has a network namespace of its own, or none', () => {
    const network = { op: 'namespace', kind: 'network' };
    expect(program().settings).toContainEqual(network);
    const shared = program({}, { hostNetwork: true });
    expect(shared.settings).not.toContainEqual(network);
    // sysfs belongs to the network namespace, so the host's is what there is.
    expect(mountAt(shared.container, '/sys')).toMatchObject({ op: 'bind', source: '/sys' });
  });

  it('sets network sysctls while /proc/sys can be written', () => {
    const sysctl = { op: 'sysctl', name: 'net.ipv4.x', value: '1' } as const;
    const { container } = program(
      {},
      { network: { prepare: [], container: [{ op: 'loopback-up' }, sysctl], links: [] } },
    );
    const order = names(container);
    expect(order.indexOf('sysctl')).toBeLessThan(order.indexOf('read-only'));
    expect(order.indexOf('sysctl')).toBeGreaterThan(order.indexOf('mount'));
    expect(order.indexOf('loopback-up')).toBeGreaterThan(order.indexOf('pivot-root'));
  });

  it('has a console on a terminal', () => {
    const { settings, container } = program({ tty: true });
    expect(settings).toContainEqual({ op: 'terminal' });
    const order = names(container);
    expect(order.indexOf('console')).toBeGreaterThan(order.indexOf('mount'));
    expect(order.indexOf('console')).toBeLessThan(order.indexOf('pivot-root'));
    expect(names(program().container)).not.toContain('console');
  });

  it('makes the root read-only when asked', () => {
    expect(program({ readOnly: true }).container).toContainEqual({ op: 'pivot-root', readOnly: true });
  });

  it.each([
    [{ init: true }, 'init'],
    [{ security: { noNewPrivileges: true, seccomp: 'unconfined' } }, 'no-new-privileges'],
  ] as const)('%o', (spec, op) => {
    expect(names(program(spec).container)).toContain(op);
    expect(names(program().container)).not.toContain(op);
  });

  it('maps a single id without setgroups and without the group of terminals', () => {
    const { settings, container } = program(
      {},
      { idmap: { mode: 'single-id', uids: extent, gids: extent, reason: '' } },
    );
    expect(settings).toContainEqual(expect.objectContaining({ denySetgroups: true, helpers: undefined }));
    expect(mountAt(container, '/dev/pts')).not.toMatchObject({ options: expect.arrayContaining(['gid=5']) });
    expect(mountAt(program().container, '/dev/pts')).toMatchObject({
      options: expect.arrayContaining(['gid=5']),
    });
  });

  it('gives a user other than root no capabilities but the bounding set', () => {
    const user = { uid: 1000, gid: 1000, groups: [10], home: '/home/app' };
    const { container } = program({}, { identity: { user, granted: ['CAP_CHOWN'] } });
    expect(container).toContainEqual({ op: 'user', uid: 1000, gid: 1000, groups: [10] });
    expect(container).toContainEqual(
      expect.objectContaining({ op: 'capabilities', bounding: 1n, effective: 0n, permitted: 0n }),
    );
    expect(container).toContainEqual({
      op: 'environment',
      variables: expect.arrayContaining(['HOME=/home/app', 'HOSTNAME=box']),
    });
  });

  it('prepares what create left before what the start itself needs', () => {
    const step = (path: string) => ({ do: { op: 'make-dir', path, mode: 0o700 } }) as const;
    const { prepare } = program(
      {},
      { pending: [step('/a')], rootfs: { prepare: [step('/b')], container: [bind] } },
    );
    expect(prepare).toEqual([step('/a'), step('/b')]);
  });

  it('joins the namespaces of another container, and shares its /dev/shm', () => {
    const { settings, container } = program(
      {},
      { sharing: { ...ALL_NEW, pid: { pid: 7 }, ipc: { pid: 7 } } },
    );
    expect(settings).toContainEqual({ op: 'namespace', kind: 'pid', path: '/proc/7/ns/pid' });
    expect(settings).toContainEqual({ op: 'namespace', kind: 'ipc', path: '/proc/7/ns/ipc' });
    expect(mountAt(container, '/dev/shm')).toMatchObject({ op: 'share-mount', namespace: '/proc/7/ns/mnt' });
    expect(mountAt(container, '/proc')).toMatchObject({ op: 'mount' });
  });

  it('shows the host’s own trees with the host’s namespaces', () => {
    const { settings, container } = program(
      {},
      { sharing: { pid: 'host', ipc: 'host', cgroup: 'host', shm: true } },
    );
    const kinds = settings.flatMap((each) => (each.op === 'namespace' ? [each.kind] : []));
    expect(kinds).toEqual(['mount', 'uts', 'network']);
    for (const path of ['/proc', '/dev/shm', '/sys/fs/cgroup'])
      expect(mountAt(container, path)).toMatchObject({ op: 'bind', source: path, recursive: true });
  });

  it('has no /dev/shm with --ipc none', () => {
    expect(
      mountAt(program({}, { sharing: { ...ALL_NEW, shm: false } }).container, '/dev/shm'),
    ).toBeUndefined();
  });

  it('hides and shows the paths of --security-opt', () => {
    const security = {
      noNewPrivileges: false,
      seccomp: 'default',
      mask: ['/etc'],
      unmask: ['/proc/k*'],
    } as const;
    const { container } = program({ security });
    expect(container).toContainEqual({ op: 'mask', path: '/etc' });
    expect(container).not.toContainEqual({ op: 'mask', path: '/proc/kcore' });
    expect(container).toContainEqual({ op: 'mask', path: '/sys/firmware' });
  });
});
