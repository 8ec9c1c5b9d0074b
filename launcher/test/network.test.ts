import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { encodeProgram } from '../../core/src/program/encode.ts';
import type { NetworkOperation, NetworkPreparation } from '../../core/src/program/operation.ts';

vi.setConfig({ testTimeout: 120_000 });

const LAUNCHER = join(import.meta.dirname, '..');
const BRIDGE = 'br-0123456789ab';
let directory = '';

beforeAll(() => {
  execFileSync('flock', [join(LAUNCHER, 'Makefile'), 'make', '-s', '-C', LAUNCHER]);
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-network-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Trial {
  readonly prepare?: readonly NetworkPreparation[];
  readonly container: readonly NetworkOperation[];
  /** Shell commands afterwards: `shared CMD` and `inside CMD` run in the namespaces, `again` carries the program out anew. */
  readonly look: string;
}

/**
 * Carries network operations out in a user namespace with a "container": a process with a network namespace of its own. All
 * processes end with the pid namespace.
 */
async function trial({ prepare, container, look }: Trial): Promise<string> {
  const script = `
    PATH=$PATH:/usr/sbin:/sbin
    ip link set lo up
    unshare --net sleep 100 </dev/null >/dev/null 2>&1 &
    C=$!
    while [ "$(readlink /proc/$C/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do :; done
    nsenter -t $C -n ip link set lo up
    echo $C $(cut -d' ' -f22 /proc/$C/stat)
    read ready
    again() { ${join(LAUNCHER, 'build/wherry-launcher')} network ${directory}/program; }
    inside() { nsenter -t $C -n "$@"; }
    shared() {
      for p in /proc/[0-9]*; do
        [ "$(cat $p/comm)" = wherry-network ] || continue
        for fd in $p/fd/*; do case $(readlink $fd) in net:*) nsenter --net=$fd "$@"; return;; esac; done
      done
    }
    again || echo "status $?"
    ${look}`;
  const child = spawn(
    'unshare',
    ['-Urnmpf', '--mount-proc', '--kill-child', 'sh', '-c', `exec 2>&1; ${script}`],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const [first] = (await once(reader, 'line')) as [string];
  const [pid, startTime = ''] = first.split(' ');
  const program = encodeProgram({
    settings: [{ op: 'join', pid: Number(pid), startTime }],
    prepare: (prepare ?? [{ op: 'shared-network', directory, linger: 1 }]).map((operation) => ({
      do: operation,
    })),
    container,
    cleanup: [],
  });
  writeFileSync(join(directory, 'program'), program);
  child.stdin.end('\n');
  await once(reader, 'close');
  return lines.slice(1).join('\n');
}

const network: readonly NetworkOperation[] = [
  {
    op: 'link-add',
    place: 'shared',
    name: BRIDGE,
    kind: { type: 'bridge' },
    mtu: 9000,
    mac: '02:42:00:00:00:01',
  },
  { op: 'addr-add', place: 'shared', link: BRIDGE, address: '172.30.0.1/24' },
  { op: 'addr-add', place: 'shared', link: BRIDGE, address: 'fd00:30::1/64' },
  {
    op: 'firewall-add',
    place: 'shared',
    id: 'masquerade:1',
    rule: { type: 'masquerade', subnet: '172.30.0.0/24', outLinkNot: BRIDGE },
  },
  {
    op: 'firewall-add',
    place: 'shared',
    id: 'isolate:1',
    rule: { type: 'isolate', fromLink: BRIDGE, toLink: 'br-*' },
  },
  { op: 'link-set', place: 'shared', name: BRIDGE, up: true },
  { op: 'network-apply', unlessUp: BRIDGE, tolerant: false },
];
const attachment: readonly NetworkOperation[] = [
  {
    op: 'link-add',
    place: 'container',
    name: 'eth0',
    kind: { type: 'veth', peer: 'v1', peerPlace: 'shared' },
    mtu: 9000,
    mac: '02:42:ac:1e:00:02',
  },
  { op: 'network-undo', operation: { op: 'link-remove', place: 'shared', name: 'v1' } },
  { op: 'link-set', place: 'shared', name: 'v1', up: true, master: BRIDGE },
  { op: 'addr-add', place: 'container', link: 'eth0', address: '172.30.0.2/24' },
  { op: 'addr-add', place: 'container', link: 'eth0', address: 'fd00:30::2/64' },
  { op: 'link-set', place: 'container', name: 'eth0', up: true },
  { op: 'route-add', place: 'container', destination: '0.0.0.0/0', gateway: '172.30.0.1', link: 'eth0' },
  { op: 'route-add', place: 'container', destination: '::/0', gateway: 'fd00:30::1', link: 'eth0' },
  { op: 'net-sysctl', place: 'container', key: 'ipv4.ping_group_range', value: '0 0' },
  { op: 'network-apply', tolerant: false },
];

it('wires a container to a bridge of the shared namespace', async () => {
  const seen = await trial({
    container: [...network, ...attachment],
    look: `inside ip -br addr show eth0; inside ip route; inside ip -6 route show default
      inside cat /sys/class/net/eth0/mtu /proc/sys/net/ipv4/ping_group_range
      shared ip -br link show ${BRIDGE}; shared ip -o link show v1; shared cat /proc/sys/net/ipv4/ip_forward`,
  });
  expect(seen).toMatch(/^eth0@\S+\s+UP\s+172\.30\.0\.2\/24 fd00:30::2\/64/m);
  expect(seen).toMatch(/^default via 172\.30\.0\.1 dev eth0/m);
  expect(seen).toMatch(/^default via fd00:30::1 dev eth0/m);
  expect(seen).toMatch(/^0\t0$/m);
  expect(seen).toMatch(new RegExp(`^${BRIDGE}\\s+UP\\s+02:42:00:00:00:01`, 'm'));
  expect(seen).toMatch(new RegExp(`v1@.*mtu 9000.*master ${BRIDGE}`));
  expect(seen).toMatch(/^1$/m);
});

it('has a pair of links hand over segments of TCP that are larger than a packet', async (context) => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 3)) context.skip(`Linux ${release()} has them for IPv6 at most`);
  const seen = await trial({
    container: [...network, ...attachment],
    look: 'inside ip -d -o link show eth0; shared ip -d -o link show v1',
  });
  expect(seen.match(/gso_max_size 262144/g)).toHaveLength(2);
});

it('makes firewall rules that nft shows, once, and removes them by id', async () => {
  const seen = await trial({
    container: [
      ...network,
      {
        op: 'firewall-add',
        place: 'shared',
        id: 'icc:1',
        rule: { type: 'isolate', fromLink: 'v*', toLink: 'v*' },
      },
      {
        op: 'firewall-add',
        place: 'shared',
        id: 'port:1',
        rule: {
          type: 'destination-nat',
          protocol: 'tcp',
          hostIp: '',
          hostPort: 80,
          toIp: '172.30.0.2',
          toPort: 8080,
        },
      },
      {
        op: 'firewall-add',
        place: 'shared',
        id: 'gone',
        rule: { type: 'isolate', fromLink: 'a', toLink: 'b' },
      },
      { op: 'firewall-remove', place: 'shared', id: 'gone' },
      { op: 'firewall-remove', place: 'shared', id: 'never-there' },
      { op: 'network-apply', tolerant: false },
    ],
    look: 'again; shared nft list ruleset',
  });
  expect(seen.match(/comment/g)).toHaveLength(5);
  expect(seen).toContain(`ip saddr 172.30.0.0/24 oifname != "${BRIDGE}" masquerade comment "masquerade:1"`);
  expect(seen).toContain(
    `iifname "${BRIDGE}" oifname != "${BRIDGE}" oifname "br-*" drop comment "isolate:1"`,
  );
  expect(seen).toMatch(/table bridge wherry[\s\S]*iifname "v\*" oifname "v\*" drop comment "icc:1"/);
  expect(seen.match(/fib daddr type local tcp dport 80 dnat ip to 172\.30\.0\.2:8080/g)).toHaveLength(2);
});

it('takes back what it did when a step fails, and says which', async () => {
  const seen = await trial({
    container: [
      ...network,
      ...attachment.slice(0, 3),
      { op: 'addr-add', place: 'container', link: 'eth9', address: '172.30.0.2/24' },
      { op: 'network-apply', tolerant: false },
    ],
    look: 'shared ip -br link; inside ip -br link',
  });
  expect(seen).toMatch(/addr-add eth9: No such device/);
  expect(seen).toMatch(/^status 125$/m);
  expect(seen).not.toMatch(/^v1@/m);
  expect(seen).not.toMatch(/^eth0@/m);
});

it('makes a bridge anew that was left half made', async () => {
  const [first, ...rest] = network;
  const half = [...(first === undefined ? [] : [first]), { op: 'network-apply', tolerant: false } as const];
  const seen = await trial({
    container: [...half, ...(first === undefined ? [] : [first]), ...rest],
    look: `shared ip -br addr show ${BRIDGE}`,
  });
  expect(seen).toMatch(/172\.30\.0\.1\/24/);
});

it('answers questions on names, of its network alone', async () => {
  const names = [
    'network 172.30.0.0/24',
    'name 172.30.0.9 - web.lab web alias',
    'network 10.9.0.0/24',
    'name 10.9.0.2 - other',
  ];
  const ask = (name: string, type = 'A') =>
    `inside busybox nslookup -type=${type} ${name} 172.30.0.1 2>&1 | grep -E '^Address: |name =|NXDOMAIN|find'`;
  const seen = await trial({
    container: [...network, ...attachment],
    look: `printf '%s\\n' ${names.map((line) => `'${line}'`).join(' ')} > ${directory}/names
      ${ask('web')}; ${ask('ALIAS')}; ${ask('9.0.30.172.in-addr.arpa', 'PTR')}; ${ask('web.lab')}; ${ask('other')}`,
  });
  expect(seen.match(/Address: 172\.30\.0\.9/g)).toHaveLength(3);
  expect(seen).toMatch(/9\.0\.30\.172\.in-addr\.arpa\s+name = web\.lab$/m);
  expect(seen).toMatch(/NXDOMAIN|can't find other/);
  expect(seen).not.toMatch(/10\.9\.0\.2/);
});

/** Shell functions: `use` holds the shared namespace as a container does, until `unuse`. */
const USES = (): string => `
  use() {
    perl -e 'use Socket; socket(S, AF_UNIX, SOCK_SEQPACKET, 0); connect(S, sockaddr_un("${directory}/network")) or exit;
      print "in use\\n"; $| = 1; print ""; sleep 100' > ${directory}/use & U=$!
    while kill -0 $U 2>/dev/null; do grep -q 'in use' ${directory}/use && return; sleep 0.02; done
    again; use
  }
  unuse() { kill $U; }
  keeper() { grep -lx wherry-network /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }`;

it('runs a helper once for the shared namespace, again when it dies, and ends it with the last use', async () => {
  const helper: NetworkPreparation = {
    op: 'shared-helper',
    slot: 'bridge 0',
    program: '/bin/sh',
    readiness: 'descriptor',
    arguments: ['-c', `echo >&{ready-fd}; exec sleep 99`],
  };
  // The namespace is in use all the time, however slow the machine is; and a helper is ready before it is `sleep`.
  const seen = await trial({
    prepare: [{ op: 'shared-network', directory, linger: 1 }, helper],
    container: network,
    look: `${USES()}
      running() { grep -laz '^99$' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3; }
      settle() { until [ "$(running | wc -l)" = 1 ]; do sleep 0.02; done; }
      use; settle; P=$(running); again; settle; [ "$(running)" = "$P" ] && echo once
      kill -9 $P; while [ "$(running)" = "$P" ]; do sleep 0.02; done; settle; echo mended
      unuse; while [ -n "$(running)" ]; do sleep 0.05; done
      while [ -e ${directory}/network ]; do sleep 0.05; done; echo gone`,
  });
  expect(seen).toMatch(/once\nmended\n(?:.*Terminated.*\n)?gone/);
});

it('reaches a helper that closes all that it was given, as newer versions of pasta do', async () => {
  const own = `for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done`;
  const helper: NetworkPreparation = {
    op: 'shared-helper',
    slot: 'bridge 0',
    program: '/bin/sh',
    readiness: 'descriptor',
    arguments: ['-c', `${own}; readlink {netns} > ${directory}/net; echo >{ready-path}; exec sleep 98`],
  };
  const seen = await trial({
    prepare: [{ op: 'shared-network', directory, linger: 1 }, helper],
    container: network,
    look: `echo "$(cat ${directory}/net) $(shared readlink /proc/self/ns/net)"`,
  });
  expect(seen).toMatch(/^(net:\[\d+\]) \1$/);
});

it('takes the shared namespace over from a keeper that was killed, as long as a monitor has it', async () => {
  const seen = await trial({
    container: [...network, ...attachment],
    look: `${USES()}
      use; K=$(keeper)
      for fd in /proc/$K/fd/*; do case $(readlink $fd) in net:*) N=$(readlink $fd); exec 8<$fd;; esac; done
      perl -e 'open my $c, ">", "/proc/$$/comm"; print $c "wherry-monitor"; close $c; sleep 100' & exec 8<&-
      until grep -qlx wherry-monitor /proc/[0-9]*/comm 2>/dev/null; do sleep 0.02; done
      kill -9 $K; while [ -n "$(keeper)" ]; do sleep 0.02; done
      again | grep -v eth0; K2=$(keeper)
      for fd in /proc/$K2/fd/*; do [ "$(readlink $fd)" = "$N" ] && echo the same; done
      shared ip -br link show v1; inside ping -c1 -W5 172.30.0.1`,
  });
  expect(seen).toMatch(/^the same$/m);
  expect(seen).toMatch(/^v1@/m);
  expect(seen).toMatch(/1 received/);
});

it('answers questions over TCP, and passes on what it does not know, to servers of the host', async () => {
  const names = ['upstream 127.0.0.1', 'network 172.30.0.0/24', 'name 172.30.0.9 - web'];
  /** Asks, or answers, over TCP: two bytes of length, then a message (RFC 1035, 4.2.2). */
  const ask = `use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "172.30.0.1:53", Timeout => 5) or die $!;
    for my $name (@ARGV) {
      my $q = pack("n6", 7, 256, 1, 0, 0, 0) . join("", map { pack("C/a", $_) } split(/\\./, $name)) . pack("Cnn", 0, 1, 1);
      print $s pack("n/a", $q); read($s, my $l, 2) == 2 or die "nothing"; read($s, my $a, unpack("n", $l));
      print "$name is ", join(".", unpack("C4", substr($a, -4))), "\\n"; }`;
  const serve = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:53", Listen => 1, ReuseAddr => 1) or die $!;
    print "listening\\n"; close STDOUT; while (my $c = $s->accept) { read($c, my $l, 2); read($c, my $q, unpack("n", $l));
      substr($q, 2, 1) = chr(129); substr($q, 6, 2) = pack("n", 1);
      print $c pack("n/a", $q . pack("n3Nn/a", 49164, 1, 1, 60, pack("C4", 192, 0, 2, 5))); close $c; }`;
  const seen = await trial({
    container: [...network, ...attachment],
    look: `printf '%s\\n' ${names.map((line) => `'${line}'`).join(' ')} > ${directory}/names
      perl -e '${serve}' > ${directory}/server & until grep -q listening ${directory}/server; do sleep 0.02; done
      inside perl -e '${ask}' web outside.test`,
  });
  expect(seen).toContain('web is 172.30.0.9');
  expect(seen).toContain('outside.test is 192.0.2.5');
});

it('answers one who asks from another of its networks', async () => {
  const names = ['network 172.30.0.0/24', 'network 10.9.0.0/24', 'also 172.30.0.2', 'name 10.9.0.2 - other'];
  const seen = await trial({
    container: [...network, ...attachment],
    look: `printf '%s\\n' ${names.map((line) => `'${line}'`).join(' ')} > ${directory}/names
      inside busybox nslookup -type=A other 172.30.0.1 2>&1`,
  });
  expect(seen).toMatch(/Address: 10\.9\.0\.2/);
});

it('puts a route in the place of the one that is there', async () => {
  const seen = await trial({
    container: [
      ...network,
      ...attachment,
      {
        op: 'route-add',
        place: 'container',
        destination: '0.0.0.0/0',
        gateway: '172.30.0.9',
        link: 'eth0',
      },
      { op: 'route-add', place: 'container', destination: '::/0', gateway: 'fd00:30::9', link: 'eth0' },
      { op: 'network-apply', tolerant: false },
    ],
    look: 'inside ip route show default; inside ip -6 route show default',
  });
  expect(seen).toMatch(/^default via 172\.30\.0\.9 dev eth0[^\n]*\ndefault via fd00:30::9 dev eth0/m);
  expect(seen.match(/default/g)).toHaveLength(2);
});

it('says why a helper does not start', async () => {
  const failing: NetworkPreparation = {
    op: 'shared-helper',
    slot: 'bridge 0',
    program: '/bin/sh',
    readiness: 'descriptor',
    arguments: ['-c', 'echo this machine has no luck >&2; exit 3'],
  };
  const seen = await trial({
    prepare: [{ op: 'shared-network', directory, linger: 1 }, failing],
    container: network,
    look: 'true',
  });
  expect(seen).toMatch(/this machine has no luck/i);
  expect(seen).toMatch(/^status 125$/m);
});
