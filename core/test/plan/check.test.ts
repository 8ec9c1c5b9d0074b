import { describe, expect, it } from 'vitest';
import { CheckedPlan, checkPlan, requireChecked } from '../../src/plan/check.ts';
import { type Grants, grantsOf, NO_GRANTS } from '../../src/plan/grants.ts';
import type { Framing, Location, Operation, PortMapping, Sink } from '../../src/plugin/contract.ts';

type Kind = 'storage' | 'network' | 'log';
const at = (text: string): Location => {
  const colon = text.indexOf(':');
  return { root: text.slice(0, colon) as Location['root'], path: text.slice(colon + 1) };
};
const check = (kind: Kind, operation: Operation, grants: Grants = NO_GRANTS, sharing?: 'own' | 'host') =>
  checkPlan({
    asker: { kind, driver: 'probe', request: 'mounts' },
    steps: [{ do: operation, undo: undefined }],
    grants,
    ...(sharing === undefined ? {} : { sharing }),
  });
const refused = (words: RegExp) =>
  expect.objectContaining({ code: 'E_PLAN_REFUSED', exitCode: 125, message: expect.stringMatching(words) });

const makeDir = (path: string, mode = 0o755): Operation => ({ tag: 'make-dir', val: { at: at(path), mode } });
const overlay = (change: Partial<Extract<Operation, { tag: 'overlay-mount' }>['val']> = {}): Operation => ({
  tag: 'overlay-mount',
  val: {
    lower: [at('layers:l2/diff'), at('layers:l1/diff')],
    upper: at('layers:c/upper'),
    work: at('layers:c/work'),
    target: at('container:rootfs'),
    options: ['userxattr', 'index=off'],
    ...change,
  },
});
const helper: Operation = {
  tag: 'helper',
  val: {
    program: 'slirp4netns',
    arguments: ['--disable-host-loopback', '--ready-fd={ready-fd}', '{pid}', 'tap0'],
    namespace: 'container',
    readiness: { tag: 'ready-descriptor' },
    lifetime: 'container',
  },
};

const STORAGE: readonly Operation[] = [
  makeDir('layers:abc'),
  { tag: 'copy-tree', val: { source: at('layers:a'), target: at('layers:b'), reflink: true } },
  { tag: 'remove-tree', val: { at: at('layers:a/b') } },
  { tag: 'rename', val: { source: at('layers:a'), target: at('layers:b') } },
  { tag: 'symlink', val: { target: '../a', at: at('state:l/short') } },
  { tag: 'write-file', val: { at: at('state:note'), mode: 0o600, content: new Uint8Array([1]) } },
  overlay(),
  overlay({ upper: undefined, work: undefined, options: [] }),
  {
    tag: 'bind-mount',
    val: { source: at('layers:c'), target: at('container:rootfs'), readOnly: false, recursive: false },
  },
  { tag: 'tmpfs-mount', val: { target: at('container:rootfs/x'), size: '65536', mode: 0o1777 } },
];
const NETWORK: readonly Operation[] = [
  {
    tag: 'link-add',
    val: {
      namespace: 'shared',
      name: 'veth0',
      kind: { tag: 'veth', val: { peer: 'eth0', peerNamespace: 'container' } },
      mtu: 1500,
      mac: '02:42:ac:11:00:02',
    },
  },
  {
    tag: 'link-add',
    val: { namespace: 'shared', name: 'br0', kind: { tag: 'bridge' }, mtu: 0, mac: undefined },
  },
  {
    tag: 'link-set',
    val: { namespace: 'container', name: 'lo', up: true, master: undefined, rename: undefined },
  },
  { tag: 'link-remove', val: { namespace: 'shared', name: 'veth0' } },
  { tag: 'addr-add', val: { namespace: 'container', link: 'eth0', address: '10.88.0.2/16' } },
  { tag: 'addr-add', val: { namespace: 'container', link: 'eth0', address: 'fd00::2/64' } },
  {
    tag: 'route-add',
    val: { namespace: 'container', destination: '0.0.0.0/0', gateway: '10.88.0.1', link: undefined },
  },
  { tag: 'sysctl-set', val: { namespace: 'shared', key: 'ipv4.conf.all.forwarding', value: '1' } },
  {
    tag: 'firewall-add',
    val: {
      namespace: 'shared',
      id: 'masq',
      rule: { tag: 'masquerade', val: { subnet: '10.88.0.0/16', outLinkNot: 'br0' } },
    },
  },
  { tag: 'firewall-remove', val: { namespace: 'shared', id: 'masq' } },
  {
    tag: 'forward',
    val: { protocol: 'tcp', hostIp: '', hostPort: 0, containerIp: '10.88.0.2', containerPort: 80 },
  },
];

describe('a storage driver', () => {
  it.each(STORAGE.map((operation) => [operation.tag, operation] as const))('may %s', (_tag, operation) => {
    expect(check('storage', operation).steps).toHaveLength(1);
  });
  it.each(NETWORK.map((operation) => [operation.tag, operation] as const))('may not %s', (tag, operation) => {
    expect(() => check('storage', operation)).toThrow(
      refused(
        new RegExp(`storage driver probe for mounts .*operation 1 \\(${tag}\\): a storage driver may not`),
      ),
    );
  });

  it.each([
    ['../x', / \.\.$|component "\.\."/],
    ['a/../../x', /component "\.\."/],
    ['/etc', /absolute/],
    ['a//b', /empty component/],
    ['a/', /empty component/],
    ['./a', /component "\."/],
    ['a\0b', /NUL/],
    ['', /layers: itself/],
    ['x'.repeat(256), /255 bytes/],
    ['a/'.repeat(2100).slice(0, -1), /4095 bytes/],
  ])('may not make the directory layers:%j', (path, words) => {
    expect(() => check('storage', makeDir(`layers:${path}`))).toThrow(refused(words));
  });

  it.each(['container:rootfs/x', 'container:started', 'container:', 'runtime:x', 'host:etc', 'else:x'])(
    'may not change %s',
    (path) => {
      expect(() => check('storage', makeDir(path))).toThrow(refused(/operation 1 \(make-dir\)/));
    },
  );

  it.each([
    'layers:x',
    'state:x',
    'container:hosts',
    'container:',
    'container:rootfsx',
    'host:mnt',
    'runtime:x',
  ])('may not mount at %s', (target) => {
    expect(() => check('storage', overlay({ target: at(target) }))).toThrow(refused(/overlay-mount/));
  });

  it.each([
    'lowerdir=/etc',
    'upperdir=/x',
    'workdir=/x',
    'metacopy=on',
    'redirect_dir=on',
    'redirect_dir=follow',
    'userxattr,lowerdir=/etc',
    'context=x',
    '',
  ])('may not give overlay the option %j', (option) => {
    expect(() => check('storage', overlay({ options: [option] }))).toThrow(refused(/overlay option/));
  });

  it.each([
    [{ lower: [] }, /no lower/],
    [{ lower: Array.from({ length: 501 }, () => at('layers:l')) }, /more than 500/],
    [{ work: undefined }, /not both/],
    [{ lower: [at('layers:../l')] }, /component "\.\."/],
    [{ upper: at('layers:') }, /itself/],
    [{ options: ['xino=on', 'xino=off'] }, /twice/],
  ])('may not overlay with %o', (change, words) => {
    expect(() => check('storage', overlay(change))).toThrow(refused(words));
  });

  it.each([-1, 0o10000, 1.5, Number.NaN])('may not give the mode %d', (mode) => {
    expect(() => check('storage', makeDir('layers:a', mode))).toThrow(refused(/file mode/));
  });

  it.each([
    ['a', '/etc/passwd'],
    ['a', '../x'],
    ['a/b', '../../x'],
    ['a', 'x/../../y'],
    ['a', ''],
    ['a/b', '..'],
    ['a', 'x\0'],
  ])('may not link state:%s to %j', (path, target) => {
    const link: Operation = { tag: 'symlink', val: { at: at(`state:${path}`), target } };
    expect(() => check('storage', link)).toThrow(refused(/symlink/));
  });

  it('may not do by an undo what it may not do', () => {
    expect(() =>
      checkPlan({
        asker: { kind: 'storage', driver: 'probe', request: 'mounts' },
        steps: [
          { do: makeDir('layers:a'), undo: undefined },
          { do: makeDir('layers:b'), undo: { tag: 'remove-tree', val: { at: at('host:home') } } },
        ],
        grants: NO_GRANTS,
      }),
    ).toThrow(refused(/operation 2 \(undo remove-tree\)/));
  });

  it('reads below a path of the host that was granted, and nowhere else', () => {
    const grants = grantsOf([{ tag: 'host-path', val: '/srv/shared/' }]);
    const bind = (source: string): Operation => ({
      tag: 'bind-mount',
      val: { source: at(source), target: at('container:rootfs'), readOnly: true, recursive: false },
    });
    expect(check('storage', bind('host:srv/shared/a'), grants).steps).toHaveLength(1);
    expect(check('storage', bind('host:srv/shared'), grants).steps).toHaveLength(1);
    expect(() => check('storage', bind('host:srv/sharedx'), grants)).toThrow(refused(/not granted/));
    expect(() => check('storage', bind('host:srv/shared/../x'), grants)).toThrow(refused(/component/));
    expect(() => check('storage', makeDir('host:srv/shared/a'), grants)).toThrow(
      refused(/read, not changed/),
    );
  });
});

describe('a network driver', () => {
  it.each(NETWORK.map((operation) => [operation.tag, operation] as const))('may %s', (_tag, operation) => {
    expect(check('network', operation).steps).toHaveLength(1);
  });
  it.each(['overlay-mount', 'bind-mount', 'tmpfs-mount'])('may not %s', (tag) => {
    const operation = STORAGE.find((candidate) => candidate.tag === tag) as Operation;
    expect(() => check('network', operation)).toThrow(refused(/a network driver may not/));
  });
  it('keeps files of its own, not those of layers', () => {
    expect(check('network', makeDir('state:a')).steps).toHaveLength(1);
    expect(check('network', makeDir('runtime:a')).steps).toHaveLength(1);
    expect(() => check('network', makeDir('layers:a'))).toThrow(refused(/may not use layers:a/));
  });

  const link = (change: object): Operation => ({
    tag: 'link-add',
    val: { namespace: 'shared', name: 'br0', kind: { tag: 'bridge' }, mtu: 0, mac: undefined, ...change },
  });
  it.each([
    ['an empty name', link({ name: '' })],
    ['a name of 16 characters', link({ name: 'a'.repeat(16) })],
    ['a name with a slash', link({ name: 'a/b' })],
    ['a name with a space', link({ name: 'a b' })],
    ['the name ..', link({ name: '..' })],
    ['a format as a name', link({ name: 'eth%d' })],
    ['an MTU too small', link({ mtu: 20 })],
    ['a group hardware address', link({ mac: '01:00:5e:00:00:01' })],
    ['a torn hardware address', link({ mac: '02:42:ac' })],
    ['a VLAN id out of range', link({ kind: { tag: 'vlan', val: { parent: 'eth0', id: 4095 } } })],
    ['a macvlan on a bad name', link({ kind: { tag: 'macvlan', val: 'a:b' } })],
    [
      'an address without prefix',
      { tag: 'addr-add', val: { namespace: 'container', link: 'e', address: '10.0.0.1' } },
    ],
    [
      'a prefix too long',
      { tag: 'addr-add', val: { namespace: 'container', link: 'e', address: '10.0.0.1/33' } },
    ],
    [
      'a route to nowhere',
      {
        tag: 'route-add',
        val: { namespace: 'container', destination: '::/0', gateway: undefined, link: undefined },
      },
    ],
    [
      'a sysctl that climbs',
      { tag: 'sysctl-set', val: { namespace: 'shared', key: '..kernel.x', value: '1' } },
    ],
    [
      'a sysctl with a slash',
      { tag: 'sysctl-set', val: { namespace: 'shared', key: 'ipv4/x.y', value: '1' } },
    ],
    [
      'a sysctl of two lines',
      { tag: 'sysctl-set', val: { namespace: 'shared', key: 'ipv4.x', value: '1\n2' } },
    ],
    ['a rule with a bad name', { tag: 'firewall-remove', val: { namespace: 'shared', id: 'a"; drop' } }],
    [
      'a forward to no port',
      {
        tag: 'forward',
        val: { protocol: 'tcp', hostIp: '', hostPort: 1, containerIp: '10.0.0.1', containerPort: 0 },
      },
    ],
  ] as readonly (readonly [string, Operation])[])('may not ask for %s', (_title, operation) => {
    expect(() => check('network', operation)).toThrow(refused(/network driver probe/));
  });

  it('leaves the network of the host alone', () => {
    const granted = grantsOf([{ tag: 'host-network' }]);
    const set = NETWORK[2] as Operation;
    expect(() => check('network', set, granted, 'host')).toThrow(refused(/may not change/));
    const peer = NETWORK[0] as Operation;
    expect(() => check('network', peer, granted, 'host')).toThrow(refused(/may not change/));
  });

  it('shares the network of the host only when that was granted', () => {
    const nothing = makeDir('state:a');
    expect(() => check('network', nothing, NO_GRANTS, 'host')).toThrow(refused(/not granted/));
    expect(check('network', nothing, grantsOf([{ tag: 'host-network' }]), 'host').steps).toHaveLength(1);
  });

  it('starts granted programs alone', () => {
    const grants = grantsOf([{ tag: 'helper-program', val: 'slirp4netns' }]);
    expect(check('network', helper, grants).steps).toHaveLength(1);
    expect(() => check('network', helper)).toThrow(refused(/slirp4netns was not granted/));
    const other = (change: object) => ({ ...helper, val: { ...helper.val, ...change } }) as Operation;
    expect(() => check('network', other({ program: '/bin/sh' }), grants)).toThrow(
      refused(/no name of a program/),
    );
    expect(() => check('network', other({ arguments: ['{home}'] }), grants)).toThrow(
      refused(/stands for nothing/),
    );
    expect(() => check('network', other({ arguments: ['a\0b'] }), grants)).toThrow(refused(/NUL/));
  });

  describe('starts uplinks only as they are harmless', () => {
    const grants = grantsOf(['pasta', 'slirp4netns'].map((val) => ({ tag: 'helper-program', val }) as const));
    const PASTA = ['--no-map-gw', '--tcp-ns', 'none', '--udp-ns=none', '--netns', '{netns}'];
    const plan = (program: string, words: readonly string[], ports: readonly PortMapping[] = []) =>
      checkPlan({
        asker: { kind: 'network', driver: 'probe', request: 'attach' },
        steps: [{ do: { ...helper, val: { ...helper.val, program, arguments: words } } as Operation }],
        grants,
        ports,
      });
    const web = { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 } as const;

    it.each([
      ['pasta', [...PASTA, '--tcp-ports=none'], /must be given --udp-ports/],
      ['pasta', [...PASTA.slice(1), '--tcp-ports=none', '--udp-ports=none'], /must be given --no-map-gw/],
      [
        'pasta',
        [...PASTA, '--tcp-ports=none', '--udp-ports=none', '--log-file=/home/me/.profile'],
        /--log-file/,
      ],
      ['pasta', [...PASTA, '--tcp-ports=none', '--udp-ports=none', '--', 'sh'], /may not be given "--"/],
      ['pasta', [...PASTA, '--tcp-ports=none', '--udp-ports=none', '--tcp-ns=auto'], /--tcp-ns=auto/],
      ['pasta', [...PASTA, '--tcp-ports=none', '--udp-ports=none', '--pid', '/etc/x'], /--pid=/],
      ['pasta', [...PASTA, '--tcp-ports=all', '--udp-ports=none'], /isn't ports/],
      [
        'pasta',
        [...PASTA, '--tcp-ports=8080:80', '--udp-ports=none'],
        /\*:8080 for 80\/tcp was not asked for/,
      ],
      ['slirp4netns', ['{netns}', 'tap0'], /must be given --disable-host-loopback/],
      ['slirp4netns', ['--disable-host-loopback', '--api-socket=/tmp/x', '{netns}', 'tap0'], /--api-socket/],
      ['slirp4netns', ['--disable-host-loopback', '../x', 'tap0'], /may not be given/],
    ])('%s %j', (program, words, why) => expect(() => plan(program, words)).toThrow(refused(why)));

    it('listens on ports that were asked for, and on addresses no wider', () => {
      const published = (spec: string) => [...PASTA, `--tcp-ports=${spec}`, '--udp-ports=none'];
      const two = [web, { ...web, hostPort: 8081, containerPort: 81 }];
      expect(plan('pasta', published('8080-8081:80-81'), two).steps).toHaveLength(1);
      expect(plan('pasta', published('127.0.0.1/8080:80'), [web]).steps).toHaveLength(1);
      expect(() => plan('pasta', published('8080:81'), [web])).toThrow(refused(/not asked for/));
      const narrow = [{ ...web, hostIp: '127.0.0.1' }];
      expect(() => plan('pasta', published('8080:80'), narrow)).toThrow(refused(/not asked for/));
      const forward = { tag: 'forward', val: { ...web, hostPort: 22, containerIp: '10.0.2.100' } } as const;
      const asker = { kind: 'network', driver: 'probe', request: 'attach' } as const;
      expect(() => checkPlan({ asker, steps: [{ do: forward }], grants, ports: [web] })).toThrow(
        refused(/\*:22 for 80\/tcp was not asked for/),
      );
    });
  });
});

describe('a log driver', () => {
  const sinkOf = (sink: Sink, grants: Grants = NO_GRANTS, kind: Kind = 'log') =>
    checkPlan({
      asker: { kind, driver: 'probe', request: 'open' },
      steps: [],
      sink,
      grants,
      framings: ['docker-json'],
    });
  const file = (change: object = {}): Sink => ({
    tag: 'file',
    val: {
      at: at('container:json.log'),
      framing: 'docker-json',
      maxSize: '0',
      maxFiles: 1,
      compress: false,
      attributes: [],
      ...change,
    },
  });
  const socket = (address: string): Sink => ({
    tag: 'socket',
    val: { address, framing: 'docker-json', attributes: [], required: true },
  });

  it('writes a log file of the container, or a file of its own', () => {
    expect(sinkOf(file()).sink).toEqual(file());
    expect(sinkOf(file({ at: at('state:a/b') })).sink).toBeDefined();
    expect(sinkOf({ tag: 'none' }).sink).toEqual({ tag: 'none' });
  });
  it.each([
    'container:started',
    'container:rootfs/x.log',
    'container:../x.log',
    'container:.log',
    'layers:x.log',
  ])('may not write %s', (path) => {
    expect(() => sinkOf(file({ at: at(path) }))).toThrow(refused(/the sink/));
  });
  it.each([
    { maxSize: '-1' },
    { maxSize: '1k' },
    { maxFiles: 0 },
    { maxFiles: 1.5 },
    { framing: 'cri' as Framing },
    { attributes: [{ key: 'k', value: 'x'.repeat(20_000) }] },
  ])('may not have %o', (change) => {
    expect(() => sinkOf(file(change))).toThrow(refused(/the sink/));
  });
  it.each([
    'unix:/dev/log',
    'unixgram:/run/x',
    'udp:127.0.0.1:514',
    'tcp:[::1]:514',
    'tls:logs.example:6514',
  ])('connects to %s once that is granted', (address) => {
    expect(() => sinkOf(socket(address))).toThrow(refused(/was not granted/));
    expect(sinkOf(socket(address), grantsOf([{ tag: 'connect', val: address }])).sink).toBeDefined();
    expect(sinkOf(socket(address), grantsOf([{ tag: 'connect', val: '*' }])).sink).toBeDefined();
  });
  it.each([
    'unix:dev/log',
    'unix:/../x',
    `unix:/${'x'.repeat(108)}`,
    'udp:host',
    'tcp:host:0',
    'tcp:host:70000',
    'ftp:h:1',
  ])('has no such address as %s', (address) => {
    expect(() => sinkOf(socket(address), grantsOf([{ tag: 'connect', val: '*' }]))).toThrow(
      refused(/the sink/),
    );
  });
  it('alone has a sink', () => {
    expect(() => sinkOf(file(), NO_GRANTS, 'storage')).toThrow(refused(/has no sink/));
  });
  it('may not mount', () => {
    expect(() => check('log', overlay())).toThrow(refused(/a log driver may not/));
  });
});

describe('the gate', () => {
  it('refuses an operation that the contract does not have', () => {
    const rogue = { tag: 'mknod', val: {} } as unknown as Operation;
    expect(() => check('storage', rogue)).toThrow(refused(/no such operation as "mknod"/));
  });
  it('refuses a plan without end', () => {
    const steps = Array.from({ length: 5000 }, () => ({ do: makeDir('layers:a'), undo: undefined }));
    const asker = { kind: 'storage', driver: 'probe', request: 'cleanup' } as const;
    expect(() => checkPlan({ asker, steps, grants: NO_GRANTS })).toThrow(refused(/more than 4096/));
  });
  it('gives a plan that no one can change afterwards', () => {
    const operation = makeDir('layers:a');
    const plan = check('storage', operation);
    (operation.val as { at: Location }).at = at('layers:../..');
    expect(plan.steps[0]?.do).toEqual(makeDir('layers:a'));
    expect(() => {
      (plan.steps as unknown as unknown[]).push({});
    }).toThrow(TypeError);
  });
  it('knows its own plans from others of the same shape', () => {
    const plan = check('storage', makeDir('layers:a'));
    expect(() => requireChecked(plan)).not.toThrow();
    const forged = Object.assign(Object.create(CheckedPlan.prototype), plan) as CheckedPlan;
    expect(() => requireChecked(forged)).toThrow(/never checked/);
  });
});
